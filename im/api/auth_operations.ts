/** Rows of the operation table: accounts, passwords, tokens. */
import { known, toDevice } from '../message/ids.js';
import type { Attempt } from './attempt_guard.js';
import { email, flag, optional, text, WIDTHS } from './fields.js';
import { callerOperation, publicOperation, type Operation } from './operation.js';
import { canBeRight } from './sign_in.js';

const ANDROID = known(toDevice(1));
const WEB = known(toDevice(2));

const passwordSignIn = {
  account: text(0, WIDTHS.account),
  email: text(0, WIDTHS.account),
  password: text(0, WIDTHS.password),
};

/** Of the name that a password is guessed for; what is refused unseen is no attempt. */
const failedSignIn = ({
  account,
  email,
  password,
}: {
  readonly account: string;
  readonly email: string;
  readonly password: string;
}): readonly Attempt[] => {
  const name = account === '' ? email : account;
  return canBeRight(name, password) ? [{ kind: 'signIn', account: name }] : [];
};

/** Of the e-mail that a code is guessed for. */
const failedCode = ({
  email,
  captcha,
}: {
  readonly email: string;
  readonly captcha: string;
}): readonly Attempt[] => (email === '' || captcha === '' ? [] : [{ kind: 'signIn', account: email }]);

export const AUTH_OPERATIONS: readonly Operation[] = [
  publicOperation({
    path: 'auth/register',
    aliases: ['api.user.register'],
    input: {
      account: text(0, WIDTHS.account),
      email: email(),
      captcha: text(0, WIDTHS.captcha),
      password: text(1, WIDTHS.password),
      nickname: text(0, WIDTHS.nickname),
    },
    guard: (input) => [{ kind: 'create', hashes: input.email === '' }, ...failedCode(input)],
    run: (rooms, input) => rooms.accounts.register(input),
  }),
  publicOperation({
    path: 'auth/signin',
    aliases: ['api.user.login'],
    input: { ...passwordSignIn, device: optional(toDevice, ANDROID) },
    guard: failedSignIn,
    run: (rooms, input, _caller, context) => rooms.auth.signIn(input, context),
  }),
  publicOperation({
    path: 'auth/signin_v2',
    input: { ...passwordSignIn, device: optional(toDevice, WEB) },
    guard: failedSignIn,
    run: (rooms, input, _caller, context) => rooms.auth.signIn(input, context),
  }),
  ...['auth/guest', 'auth/guest/signin'].map((path) =>
    publicOperation({
      path,
      aliases: path === 'auth/guest' ? ['api.user.guest'] : [],
      input: { nickname: text(0, WIDTHS.nickname), avatar: text(0, WIDTHS.avatar) },
      guard: () => [{ kind: 'create', hashes: false }],
      run: (rooms, input, _caller, context) => rooms.accounts.guest(input, context),
    }),
  ),
  publicOperation({
    path: 'auth/token',
    input: { token: text(0, WIDTHS.token), renew: flag() },
    run: (rooms, input, _caller, context) => rooms.auth.token(input, context),
  }),
  publicOperation({
    path: 'auth/verifyCode',
    input: { email: email() },
    guard: () => [{ kind: 'mail' }],
    run: (rooms, input) => rooms.accounts.verifyCode(input),
  }),
  publicOperation({
    path: 'auth/forget',
    input: { email: email(), captcha: text(0, WIDTHS.captcha), password: text(1, WIDTHS.password) },
    guard: failedCode,
    run: (rooms, input) => rooms.passwords.reset(input),
  }),
  callerOperation(
    {
      path: 'auth/logout',
      aliases: ['api.user.logout'],
      input: {},
      run: (rooms, _input, caller) => rooms.auth.logout(caller),
    },
    'genuine',
  ),
  callerOperation({
    path: 'user/profile/email',
    input: { email: email(), captcha: text(0, WIDTHS.captcha) },
    guard: failedCode,
    run: (rooms, input, caller) => rooms.accounts.changeEmail(input, caller),
  }),
  callerOperation({
    path: 'auth/password',
    input: { oldPassword: text(0, WIDTHS.password), newPassword: text(1, WIDTHS.password) },
    guard: ({ oldPassword }, caller) => (oldPassword === '' ? [] : [{ kind: 'signIn', account: caller.uid }]),
    run: (rooms, input, caller, context) => rooms.passwords.change(input, caller, context),
  }),
];
