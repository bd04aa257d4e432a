/** The stores' contracts over SQLite as the server runs it: one writing and one reading worker. */
import { appendContract } from '../../im/store/append.contract.js';
import { appendRightsContract } from '../../im/store/append_rights.contract.js';
import { marksContract } from '../../im/store/marks.contract.js';
import { readsContract } from '../../im/store/reads.contract.js';
import { syncContract } from '../../im/store/sync.contract.js';
import { userStoreContract } from '../../im/store/user_store.contract.js';
import { workerStore } from './sqlite_factory.contract.js';

appendContract('sqlite', workerStore);
appendRightsContract('sqlite', workerStore);
marksContract('sqlite', workerStore);
readsContract('sqlite', workerStore);
syncContract('sqlite', workerStore);
userStoreContract('sqlite', workerStore);
