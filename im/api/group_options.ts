/** How large groups become, how many a user is in, how long an invite link lives. */
import { integer, type OptionsOf } from '../../pkg/config/option.js';

export const GROUP_API_OPTIONS = {
  groupMemberCount: integer(
    100_000,
    'count',
    { min: 1, max: 1_000_000 },
    'Members that a new group may have. A group keeps what it was made with.',
  ),
  groupsPerUserCount: integer(
    1000,
    'count',
    { min: 1, max: 2000 },
    'Groups that a user may be in, his own included: each is read when he signs in.',
  ),
  groupInviteLifeMs: integer(
    7 * 24 * 3_600_000,
    'ms',
    { min: 60_000, max: 3_153_600_000_000 },
    'How long an invite link is good where whoever makes it does not say.',
  ),
} as const;
export type GroupApiOptions = OptionsOf<typeof GROUP_API_OPTIONS>;

export interface GroupRoomOptions extends GroupApiOptions {
  /** Whether this server has the group of everybody: messaging's option. */
  readonly worldChannel: boolean;
}
