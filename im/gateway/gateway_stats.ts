/** What the gateway tells of itself. */
import type { GroupStats } from './groups/group_options.js';
import type { OldSdkStats } from './old_sdk/old_sdks.js';

/** Numbers for logs, metrics and app/info; totals count since the start. */
export interface GatewayStats {
  readonly connectionCount: number;
  readonly userCount: number;
  readonly maxConnectionCount: number;
  /** Pushes let go at full queues and announced later: repaired by the client. */
  readonly letGoCount: number;
  /** Pushes let go of which nobody will tell the client. Stays 0. */
  readonly undetectedDropCount: number;
  /** Receipts and other notices let go of which an old client is told in no other way; messages never are. */
  readonly droppedNoticeCount: number;
  readonly announcedCount: number;
  readonly pushedCount: number;
  /** Times a connection was not read for a while because it went on after many refusals for its rate. */
  readonly pausedCount: number;
  readonly oldSdk: OldSdkStats;
  /** Signs of life asked for, and connections closed because none came. */
  readonly probeCount: number;
  readonly heartbeatLostCount: number;
  /** Takeovers of live connections by the same token, and tokens revoked because of them. */
  readonly fightCount: number;
  readonly revokedCount: number;
  /** Cursors of clients: compared with the store, of those lacking something, and not looked at. */
  readonly tailCheckedCount: number;
  readonly tailFoundCount: number;
  readonly tailDroppedCount: number;
  /** Of them waiting now. */
  readonly tailWaitingCount: number;
  readonly groups: GroupStats;
  /** How long pushes to groups wait for more at this moment. */
  readonly groupHoldMs: number;
}
