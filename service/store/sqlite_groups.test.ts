/** The contracts of what is written of groups, over SQLite as the server runs it. */
import { groupChangesContract } from '../../im/store/group_changes.contract.js';
import { groupFaultContract } from '../../im/store/group_faults.contract.js';
import { groupLossesContract } from '../../im/store/group_losses.contract.js';
import { groupPlayContract } from '../../im/store/group_play.contract.js';
import { groupRandomContract } from '../../im/store/group_random.contract.js';
import { inThreadStore, timedStore, workerStore } from './sqlite_factory.contract.js';

groupChangesContract('sqlite', workerStore);
groupRandomContract('sqlite', workerStore);
groupFaultContract('sqlite', inThreadStore);
groupLossesContract('sqlite', timedStore);
groupPlayContract('sqlite', timedStore);
