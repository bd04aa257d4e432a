/** Where each figure of the metrics comes from in this process. Asked at each look at the metrics, not before. */
import { fileFigures } from '../../service/metrics/file_figures.js';
import type { Figures } from '../../service/metrics/figures.js';
import type { ProcessProbe } from '../../service/metrics/process_figures.js';
import type { Argon2Hasher } from '../../service/api/argon2_hasher.js';
import type { SqliteStores } from '../../service/store/sqlite_stores.js';
import type { Retention } from '../../im/store/retention.js';
import type { HttpServer } from '../../service/api/http_server.js';
import type { WsServer } from '../../service/gateway/ws_server.js';
import type { Edge } from './edge.js';
import type { Rooms } from './rooms.js';

export interface MetricSources {
  readonly rooms: Rooms;
  readonly ws: WsServer;
  readonly http: HttpServer;
  readonly edge: Edge;
  readonly stores: Pick<SqliteStores, 'stats'>;
  readonly databasePath: string;
  readonly hasher: Argon2Hasher;
  readonly retention: Retention;
  readonly probe: ProcessProbe;
  readonly version: string;
}

export async function collectFigures(sources: MetricSources): Promise<Figures> {
  const { rooms, stores, hasher, retention, probe, version, ws, http, edge } = sources;
  const { api, attempts, authenticator, batcher, gateway, marks, rates, receipts, relays } = rooms;
  const { groups, presence, search } = rooms;
  const [files, ofProcess] = await Promise.all([fileFigures(sources.databasePath), probe.read()]);
  return {
    version,
    gateway: gateway.stats(),
    clients: gateway.figures(),
    signIns: authenticator.results.counts,
    apiCalls: api.results.counts,
    apiInFlightCount: api.inFlightCount,
    appends: batcher.stats(),
    marks: marks.stats(),
    receipts: { waitingCount: receipts.waitingCount, untoldCount: receipts.untoldCount },
    relays: relays.stats(),
    groups: groups.stats(),
    presence: presence.stats(),
    search: search.stats(),
    workers: stores.stats(),
    files,
    retention: retention.stats(),
    hashing: hasher.stats(),
    process: ofProcess,
    rates: rates.stats(),
    attempts: attempts.stats(),
    sockets: ws.stats(),
    httpRefusedPeerCount: http.refusedPeerCount,
    httpAnswers: http.answers(),
    certificate: edge.certificate?.stats(),
  };
}
