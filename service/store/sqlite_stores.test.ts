/** The stores' contracts over SQLite as the server runs it: one writing and one reading worker. */
import { appendContract } from '../../im/store/append.contract.js';
import { appendRightsContract } from '../../im/store/append_rights.contract.js';
import { contactsContract } from '../../im/store/contacts.contract.js';
import { cursorsContract } from '../../im/store/cursors.contract.js';
import { marksContract } from '../../im/store/marks.contract.js';
import { presenceContract } from '../../im/store/presence.contract.js';
import { readsContract } from '../../im/store/reads.contract.js';
import { recallContract } from '../../im/store/recall.contract.js';
import { retentionContract } from '../../im/store/retention.contract.js';
import { syncContract } from '../../im/store/sync.contract.js';
import { userStoreContract } from '../../im/store/user_store.contract.js';
import { usersContract } from '../../im/store/users.contract.js';
import { workerStore } from './sqlite_factory.contract.js';

appendContract('sqlite', workerStore);
appendRightsContract('sqlite', workerStore);
contactsContract('sqlite', workerStore);
cursorsContract('sqlite', workerStore);
marksContract('sqlite', workerStore);
presenceContract('sqlite', workerStore);
readsContract('sqlite', workerStore);
recallContract('sqlite', workerStore);
retentionContract('sqlite', workerStore);
syncContract('sqlite', workerStore);
userStoreContract('sqlite', workerStore);
usersContract('sqlite', workerStore);
