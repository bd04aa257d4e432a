/** Events of a log that are no messages: what the app is told of them, and what they mean for this user. */
import { membersChanged } from '../../im/message/notice.js';
import type { Emitter } from './emitter.js';
import type { ClientEvents } from './types.js';
import type { LogEvent } from './wire_events.js';

export function tellHappening(emitter: Emitter<ClientEvents>, event: LogEvent): void {
  const { conv, seq, from: by, storedAtMs: atMs, happening } = event;
  const place = { conv, seq, by, atMs };
  switch (happening?.kind) {
    case 'edit':
      emitter.emit('edited', { ...place, target: happening.target, content: happening.content });
      return;
    case 'reaction': {
      const { target, emoji, on } = happening;
      emitter.emit('reacted', { ...place, target, emoji, on });
      return;
    }
    case 'pin':
      emitter.emit('pinned', { ...place, target: happening.target, on: happening.on });
      return;
    case 'notice':
      emitter.emit('notice', { ...place, gid: happening.gid, notice: happening.notice });
      return;
    case 'unknown':
    case undefined:
  }
}

/** `uid` is a member from this event on. */
export function bringsIn({ happening }: LogEvent, uid: number): boolean {
  return happening?.kind === 'notice' && membersChanged(happening.notice).added.some((one) => one === uid);
}

/** The last event of the group that `uid` sees. */
export function takesOut({ happening }: LogEvent, uid: number): boolean {
  if (happening?.kind !== 'notice') return false;
  const { removed } = membersChanged(happening.notice);
  return removed === 'everybody' || removed.some((one) => one === uid);
}
