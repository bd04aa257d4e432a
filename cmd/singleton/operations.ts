/**
 * What the operator has of a running server: its metrics, the admin door and the retention job. Builds only;
 * main.ts starts the parts.
 */
import { Operator } from '../../im/api/operator.js';
import type { Dispatch } from '../../im/dispatch/interface.js';
import { Retention } from '../../im/store/retention.js';
import type { Logger } from '../../pkg/log/logger.js';
import { AdminDoor } from '../../service/admin/admin_door.js';
import type { Argon2Hasher } from '../../service/api/argon2_hasher.js';
import type { Config } from '../../service/config.js';
import { Metrics } from '../../service/metrics/metrics.js';
import { MetricsPage } from '../../service/metrics/metrics_page.js';
import { ProcessProbe } from '../../service/metrics/process_figures.js';
import type { SqliteStores } from '../../service/store/sqlite_stores.js';
import { handleAdmin } from './admin_handler.js';
import { adminSocketPath, databasePath } from './data_folder.js';
import type { Edge } from './edge.js';
import { collectFigures, type MetricSources } from './metric_sources.js';
import { readVersion } from './version.js';

export interface OperationsDeps {
  readonly stores: SqliteStores;
  readonly hasher: Argon2Hasher;
  /** Built after this, since they tell the metrics of each batch. */
  readonly later: () => Pick<MetricSources, 'rooms' | 'ws' | 'http'>;
  readonly edge: Edge;
  readonly logger: Logger;
}

export function buildOperations(config: Config, { stores, hasher, later, edge, logger }: OperationsDeps) {
  const retention = new Retention(config.store, { store: stores.messages, logger, nowMs: () => Date.now() });
  const probe = new ProcessProbe();
  const version = readVersion();
  const sources = { stores, hasher, edge, retention, probe, version, databasePath: databasePath(config) };
  const metrics = new Metrics({ collect: () => collectFigures({ ...sources, ...later() }) });
  const dispatch: Pick<Dispatch, 'kick'> = { kick: (orders) => later().rooms.dispatch.kick(orders) };
  const operator = new Operator({ users: stores.users, dispatch, logger });
  const stats = (): Promise<string> => metrics.text();
  const door = new AdminDoor(adminSocketPath(config), {
    handle: (request) => handleAdmin(request, { operator, stats }),
    logger,
  });
  const onBatch = (requestCount: number, ms: number): void => metrics.batchDone(requestCount, ms);
  return { retention, probe, door, onBatch, page: new MetricsPage(config.metrics, metrics) };
}
