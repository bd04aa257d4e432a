/** An event of a group on its way through the gateway, with what it does to the list of members. */
import type { Device, Uid } from '../../message/ids.js';
import { EVENT_KIND, type ChatEvent } from '../../message/message.js';
import { membersChanged, noticeConcerns, readNotice } from '../../message/notice.js';
import type { GroupDelivery } from '../interface.js';

export interface GroupEvent {
  readonly event: ChatEvent;
  readonly audience: 'members' | 'concerned';
  readonly except: { readonly uid: Uid; readonly device: Device } | undefined;
  readonly bytes: number;
}

export type GroupRelay = Extract<GroupDelivery, { kind: 'relay' }>;

export interface MemberChange {
  readonly added: readonly Uid[];
  readonly removed: readonly Uid[] | 'everybody';
  /** Whom it concerns, and who did it. */
  readonly concerned: readonly Uid[] | 'everybody';
}

/** Of an event besides its content, in memory. */
const EVENT_BYTES = 300;

export function groupEvent({
  event,
  audience,
  except,
}: Extract<GroupDelivery, { kind: 'event' }>): GroupEvent {
  return { event, audience, except, bytes: event.content.length + EVENT_BYTES };
}

/** As the log has it: for all members where nothing else is known, because nothing there says how large the group was. */
export function loggedEvent(
  event: ChatEvent,
  addressing: Pick<GroupEvent, 'audience' | 'except'> = { audience: 'members', except: undefined },
): GroupEvent {
  const { audience, except } = addressing;
  return { event, audience, except, bytes: event.content.length + EVENT_BYTES };
}

/** Undefined for whatever is no notice of ours. */
export function memberChange(event: ChatEvent): MemberChange | undefined {
  if (event.kind !== EVENT_KIND.notice) return undefined;
  const notice = readNotice(event.content);
  if (notice === undefined) return undefined;
  const concerned = noticeConcerns(notice);
  return {
    ...membersChanged(notice),
    concerned:
      concerned === 'everybody' || concerned.includes(event.from) ? concerned : [...concerned, event.from],
  };
}
