/**
 * What older clients are told of what happened to a group. The public Java SDK has numbers for who came, who went,
 * who became an admin and who was muted; the public TypeScript SDK knows who came and who went, one at a time.
 */
import { GROUP_ROLE } from './group.js';
import type { Uid } from './ids.js';
import type { GroupNotice } from './notice.js';
import { WEB_JOINED_TYPE, WEB_LEFT_TYPE } from './old_types.js';

/** The `Type` of a legacy `notify.group`. */
const LEGACY_NOTICE = { added: 1, removed: 2, admin: 3, noAdmin: 4, muted: 5, unmuted: 6 } as const;

/** Named to an older client at once: the app reads the list of members where it wants them all. */
export const OLD_NAMES_LIMIT = 100;

export interface OldNotice {
  readonly type: number;
  readonly uids: readonly Uid[];
}

/** Undefined where the public Java SDK has no word for it. */
export function legacyNotice(notice: GroupNotice): OldNotice | undefined {
  switch (notice.type) {
    case 'created':
    case 'joined':
      return { type: LEGACY_NOTICE.added, uids: named(notice.uids) };
    case 'left':
    case 'removed':
      return { type: LEGACY_NOTICE.removed, uids: named(notice.uids) };
    case 'role': {
      const { admin, noAdmin } = LEGACY_NOTICE;
      return { type: notice.role === GROUP_ROLE.admin ? admin : noAdmin, uids: [notice.uid] };
    }
    case 'muted':
      return {
        type: notice.untilMs === 0 ? LEGACY_NOTICE.unmuted : LEGACY_NOTICE.muted,
        uids: [notice.uid],
      };
    default:
      return undefined;
  }
}

/** The same of the public TypeScript SDK. */
export function webNotice(notice: GroupNotice): OldNotice | undefined {
  switch (notice.type) {
    case 'created':
    case 'joined':
      return { type: WEB_JOINED_TYPE, uids: named(notice.uids) };
    case 'left':
    case 'removed':
      return { type: WEB_LEFT_TYPE, uids: named(notice.uids) };
    default:
      return undefined;
  }
}

function named(uids: readonly Uid[]): readonly Uid[] {
  return uids.length <= OLD_NAMES_LIMIT ? uids : uids.slice(0, OLD_NAMES_LIMIT);
}
