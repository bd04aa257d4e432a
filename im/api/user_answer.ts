/** A user as the API tells of him, in the casings of all clients. */
import type { User } from '../store/people_interface.js';

/** With the account: for himself. */
export function userAnswer(user: User): Readonly<Record<string, unknown>> {
  const { uid, nickname, account, avatar } = user;
  return {
    Uid: uid,
    Nickname: nickname,
    Account: account,
    Avatar: avatar,
    uid,
    nick_name: nickname,
    account,
    avatar,
  };
}

/** For everybody else: the account, which may be an e-mail address, is not told. */
export function strangerAnswer(user: User): Readonly<Record<string, unknown>> {
  return userAnswer({ ...user, account: '' });
}
