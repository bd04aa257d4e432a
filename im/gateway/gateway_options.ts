/** The options of the whole gateway room: those of its parts, and what ClientManager itself needs. */
import { integer, type OptionsOf } from '../../pkg/config/option.js';
import { FLUSH_OPTIONS } from './flush_pace.js';
import { FRAME_LIMIT_OPTIONS } from './frame_limiter.js';
import { GROUP_OPTIONS } from './groups/group_options.js';
import { HEARTBEAT_OPTIONS } from './heartbeat.js';
import { INBOUND_OPTIONS } from './inbound.js';
import { OLD_SDK_OPTIONS } from './old_sdk/old_client.js';
import { OUTBOUND_OPTIONS } from './outbound_queue.js';
import { TAIL_CHECK_OPTIONS } from './tail_check.js';
import { TAKEOVER_OPTIONS } from './takeover.js';

export const GATEWAY_OPTIONS = {
  ...INBOUND_OPTIONS,
  ...OUTBOUND_OPTIONS,
  ...FLUSH_OPTIONS,
  ...FRAME_LIMIT_OPTIONS,
  ...GROUP_OPTIONS,
  ...OLD_SDK_OPTIONS,
  ...HEARTBEAT_OPTIONS,
  ...TAKEOVER_OPTIONS,
  ...TAIL_CHECK_OPTIONS,
  signInDeadlineMs: integer(
    30_000,
    'ms',
    { min: 10, max: 3_600_000 },
    'A connection that has not signed in by then is closed.',
  ),
  stuckMs: integer(
    10_000,
    'ms',
    { min: 10, max: 3_600_000 },
    'A socket that took no byte for so long, though there are some for it, is closed.',
  ),
  drainMs: integer(
    1000,
    'ms',
    { min: 0, max: 60_000 },
    'What a connection to be closed is given for its last answers.',
  ),
  tokenCheckMs: integer(
    30_000,
    'ms',
    { min: 100, max: 3_600_000 },
    'How often the tokens of all connections are checked again.',
  ),
  sweepMs: integer(1000, 'ms', { min: 10, max: 60_000 }, 'How often deadlines are looked at.'),
} as const;

export type GatewayOptions = OptionsOf<typeof GATEWAY_OPTIONS>;
