/**
 * The operator's requests: through the door of the running server, which must take part in them; over the store
 * itself where none runs, under the lock that keeps one from starting meanwhile.
 */
import { existsSync } from 'node:fs';
import { Operator } from '../../im/api/operator.js';
import { imError } from '../../im/errors.js';
import { PinoLogger } from '../../pkg/log/pino_logger.js';
import { callAdmin } from '../../service/admin/admin_call.js';
import type { AdminRequest } from '../../service/admin/admin_request.js';
import type { Config } from '../../service/config.js';
import { openSqliteStores } from '../../service/store/sqlite_stores.js';
import { handleAdmin } from '../singleton/admin_handler.js';
import { adminSocketPath, databasePath, takeFolder } from '../singleton/data_folder.js';

/** Undefined where no server listens. Throws CodedError. */
export async function askRunning(config: Config, request: AdminRequest): Promise<unknown> {
  const answer = await callAdmin(adminSocketPath(config), request);
  return answer.served ? answer.data : undefined;
}

/** Throws CodedError. */
export async function askAdmin(config: Config, request: AdminRequest): Promise<unknown> {
  const answer = await callAdmin(adminSocketPath(config), request);
  if (answer.served) return answer.data;
  // Opening would make it.
  if (!existsSync(databasePath(config)))
    throw imError('STORE_UNAVAILABLE', `${databasePath(config)} does not exist`);
  const lock = takeFolder(config);
  if (lock === undefined) {
    throw imError('STORE_UNAVAILABLE', `a server uses ${config.dataDir} and has no admin door: see its log`);
  }
  try {
    return await askStore(config, request);
  } finally {
    lock.release();
  }
}

async function askStore(config: Config, request: AdminRequest): Promise<unknown> {
  const logger = new PinoLogger({ level: 'error' });
  const stores = await openSqliteStores({ ...config.store, path: databasePath(config) }, { logger });
  // Nobody is connected to a server that does not run.
  const dispatch = { kick: (): Promise<void> => Promise.resolve() };
  try {
    return await handleAdmin(request, {
      operator: new Operator({ users: stores.users, dispatch, logger }),
    });
  } finally {
    await stores.close();
  }
}
