/** A process of its own that writes to a store which others write to; started by sqlite_faults.test.ts. */
import { argv } from 'node:process';
import { chatConversation } from '../../im/message/conversation.js';
import { known, toDevice, toUid } from '../../im/message/ids.js';
import { EVENT_KIND } from '../../im/message/message.js';
import { mid } from '../../im/store/scene.contract.js';
import { defaultsOf } from '../../pkg/config/option.js';
import { silentLogger } from './sqlite_factory.contract.js';
import { SQLITE_STORE_OPTIONS } from './sqlite_options.js';
import { openSqliteStores } from './sqlite_stores.js';

const ROUND_COUNT = 30;

const [path = '', name = '', fromText, toText] = argv.slice(2);
const [from, to] = [known(toUid(fromText)), known(toUid(toText))];
const stores = await openSqliteStores(
  { ...defaultsOf(SQLITE_STORE_OPTIONS), path, synchronous: 'OFF' },
  { logger: silentLogger },
);
const { first } = await stores.ids.leaseMids(2 * ROUND_COUNT);
for (let round = 0; round < ROUND_COUNT; round += 1) {
  const batch = [`${name} ${round}`, `shared ${round}`].map((content, index) => ({
    conv: chatConversation(from, to),
    event: {
      kind: EVENT_KIND.message,
      from,
      device: known(toDevice(1)),
      to,
      clientId: content,
      mid: mid(first + 2 * round + index),
      midIsClaimed: false,
      type: 1,
      content,
      sentAtMs: 0,
    },
  }));
  const results = await stores.messages.append(batch);
  if ('refused' in results) throw new Error(results.cause);
}
await stores.close();
