/** Everything that is measured, at one moment: collected by the composition root when somebody asks, never before. */
import type { AttemptStats } from '../../im/api/attempt_guard.js';
import type { ClientFigures } from '../../im/gateway/client_figures.js';
import type { GatewayStats } from '../../im/gateway/gateway_stats.js';
import type { GroupFanOutStats } from '../../im/group/group_fan_out.js';
import type { RateLimitStats } from '../../im/limits/rate_limits.js';
import type { MarkWriterStats } from '../../im/messaging/mark_writer.js';
import type { RelayStats } from '../../im/messaging/relay_handler.js';
import type { PresenceStats } from '../../im/presence/local_presence.js';
import type { SearchIndexerStats } from '../../im/search/search_indexer.js';
import type { AppendBatcherStats } from '../../im/store/append_batcher.js';
import type { RetentionStats } from '../../im/store/retention.js';
import type { LimiterStats } from '../../pkg/queue/limiter.js';
import type { FileFigures } from './file_figures.js';
import type { ProcessFigures } from './process_figures.js';

/** One worker of the store. */
export interface WorkerFigures {
  readonly name: string;
  readonly pendingCount: number;
  readonly pendingLimit: number;
  readonly refusedCount: number;
  readonly restartCount: number;
}

/** Sockets of the WebSocket listener. */
export interface SocketFigures {
  readonly openCount: number;
  readonly strangerCount: number;
  readonly refused: Readonly<Record<string, number>>;
}

export interface CertificateFigures {
  readonly reloadCount: number;
  readonly failureCount: number;
  readonly expiresAtMs: number;
}

export type Counts = ReadonlyMap<string, number>;

export interface Figures {
  readonly version: string;
  readonly gateway: GatewayStats;
  readonly clients: ClientFigures;
  /** Sign-ins on connections, by `OK` or the error's name. */
  readonly signIns: Counts;
  /** Calls by `operation result`. */
  readonly apiCalls: Counts;
  readonly apiInFlightCount: number;
  readonly appends: AppendBatcherStats;
  readonly marks: MarkWriterStats;
  readonly receipts: { readonly waitingCount: number; readonly untoldCount: number };
  readonly relays: RelayStats;
  readonly groups: GroupFanOutStats;
  readonly presence: PresenceStats;
  readonly search: SearchIndexerStats;
  readonly workers: readonly WorkerFigures[];
  readonly files: FileFigures;
  readonly retention: RetentionStats;
  readonly hashing: LimiterStats;
  readonly process: ProcessFigures;
  readonly rates: RateLimitStats;
  readonly attempts: AttemptStats;
  readonly sockets: SocketFigures;
  readonly httpRefusedPeerCount: number;
  /** Answers over HTTP: being made or not yet taken, waiting to be made, refused for want of room. */
  readonly httpAnswers: {
    readonly bytes: number;
    readonly waitingCount: number;
    readonly refusedCount: number;
  };
  /** Undefined where there is no TLS. */
  readonly certificate: CertificateFigures | undefined;
}
