/** What bounds the gateway's part of groups, and what it tells of itself. */
import { integer, type OptionsOf } from '../../../pkg/config/option.js';

export const GROUP_OPTIONS = {
  groupHoleMs: integer(
    100,
    'ms',
    { min: 1, max: 60_000 },
    'An event of a group that is missing is waited for so long, then read from the store once for everybody.',
  ),
  groupHoleEvents: integer(
    1000,
    'count',
    { min: 1, max: 1_000_000 },
    'A longer hole is not pushed: who is in the group is brought up to date, and clients are told to fetch it.',
  ),
  groupReadEvents: integer(200, 'count', { min: 1, max: 5000 }, 'Events of a hole in one read of the store.'),
  groupReads: integer(16, 'count', { min: 1, max: 1000 }, 'Holes being read at once; the others wait.'),
  groupWaitingEvents: integer(
    4096,
    'count',
    { min: 16, max: 1_000_000 },
    'Events of all groups that wait for their fan-out: beyond it whoever delivers is made to wait; of one ' +
      'group, beyond it they are forgotten and read from the store in their turn.',
  ),
  groupWaitingBytes: integer(33_554_432, 'bytes', { min: 65_536, max: 1 << 30 }, 'The same in bytes.'),
  groupCountMs: integer(
    100,
    'ms',
    { min: 10, max: 60_000 },
    'Who only wants to know how many messages have come is told at most so often.',
  ),
  groupSignInEvents: integer(
    100_000,
    'count',
    { min: 16, max: 10_000_000 },
    'Changes of members, and groups with news, remembered for users who are signing in; beyond it their ' +
      'groups are read again.',
  ),
} as const;

export type GroupOptions = OptionsOf<typeof GROUP_OPTIONS>;

/** For metrics; totals count since the start. */
export interface GroupStats {
  /** Groups with a connection here. */
  readonly channelCount: number;
  /** Connections of their members. */
  readonly slotCount: number;
  readonly waitingCount: number;
  readonly waitingBytes: number;
  /** Holes that had to be read, reads of it that failed, events that were not pushed because of it. */
  readonly holeCount: number;
  readonly failedReadCount: number;
  readonly skippedCount: number;
  readonly relayDropCount: number;
  /** Sign-ins whose groups are being read, and those that had to be read again. */
  readonly signingInCount: number;
  readonly readAgainCount: number;
  /** Users who are here and came into a group behind what passed: whose groups are being read, ever, and in vain. */
  readonly lateLookingCount: number;
  readonly lateCount: number;
  readonly lateFailedCount: number;
}
