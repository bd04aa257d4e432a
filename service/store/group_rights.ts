/** Who may write in a group, from what the rows say. The append keeps these rows in memory, mayWrite reads them. */
import { EVENT_KIND } from '../../im/message/message.js';
import { OUTSIDER, permits, type Standing } from '../../im/group/permissions.js';
import type { Verdict } from './write_rights.js';

export interface GroupRights {
  /** False: no such group. */
  readonly exists: boolean;
  readonly isDissolved: boolean;
  readonly isMuted: boolean;
}

export interface MemberRights {
  readonly standing: Standing;
  readonly mutedUntilMs: number;
  /** His account has been closed by the operator. */
  readonly isClosed: boolean;
}

/** `kind`: of the event. */
export function writeVerdict(group: GroupRights, member: MemberRights, kind: number, nowMs: number): Verdict {
  if (!group.exists) return 'NO_SUCH_GROUP';
  if (group.isDissolved) return 'GROUP_DISSOLVED';
  if (member.isClosed) return 'BANNED';
  const { standing } = member;
  if (standing === OUTSIDER) return 'NOT_A_MEMBER';
  // Taking back and pinning say nothing; who may pin is judged with the message.
  if (kind === EVENT_KIND.recall || kind === EVENT_KIND.pin) return 'ok';
  if (!permits('write', standing)) return 'NO_PERMISSION';
  if (group.isMuted && !permits('writeWhileMuted', standing)) return 'GROUP_MUTED';
  const isMuted = member.mutedUntilMs > nowMs;
  return isMuted && !permits('writeThoughMuted', standing) ? 'MEMBER_MUTED' : 'ok';
}
