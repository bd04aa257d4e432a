/** Whom a stored event of a group is for. */
import type { Delivery } from '../gateway/interface.js';
import { LARGE_GROUP } from '../message/group.js';
import { isGid, type Device } from '../message/ids.js';
import { EVENT_KIND, type ChatEvent } from '../message/message.js';
import { noticeConcerns, readNotice, type GroupNotice } from '../message/notice.js';
import type { GroupEvent } from './group_fan_out.js';

/** What the notice says; undefined for every other event. */
export function noticeOf(event: ChatEvent): GroupNotice | undefined {
  return event.kind === EVENT_KIND.notice ? readNotice(event.content) : undefined;
}

export interface Deed {
  readonly event: ChatEvent;
  readonly notice: GroupNotice | undefined;
  /** Members when it had been done. */
  readonly memberCount: number;
  /** The device that has an answer of its own; undefined: none. */
  readonly answered: Device | undefined;
}

export function deliveryOf({ event, notice, memberCount, answered }: Deed): GroupEvent {
  const { to: gid, from: uid } = event;
  if (!isGid(gid)) throw new TypeError('an event of a conversation of two was given to a group');
  const isForSome = notice !== undefined && noticeConcerns(notice) !== 'everybody';
  const audience = isForSome && memberCount > LARGE_GROUP.memberNotices ? 'concerned' : 'members';
  const delivery = { kind: 'event', gid, event, audience } as const;
  return answered === undefined ? delivery : { ...delivery, except: { uid, device: answered } };
}

/** Those whom somebody else brought in hear of the group itself; undefined where there are none. */
export function contactsOf({ event, notice }: Deed): Delivery | undefined {
  if (notice?.type !== 'joined' && notice?.type !== 'created') return undefined;
  const { to: id, from } = event;
  const recipients = notice.uids.filter((uid) => uid !== from).map((uid) => ({ uid }));
  return recipients.length === 0 ? undefined : { frame: { kind: 'contact', id, from }, recipients };
}
