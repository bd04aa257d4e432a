/** Users made through the store's own ports before a server starts: no HTTP, no password hashes, tokens signed here. */
import { join } from 'node:path';
import { chatConversation } from '../../im/message/conversation.js';
import { known, toDevice, toUid, type Uid } from '../../im/message/ids.js';
import { defaultsOf } from '../../pkg/config/option.js';
import { JoseTokens } from '../../service/api/jose_tokens.js';
import { SQLITE_STORE_OPTIONS } from '../../service/store/sqlite_options.js';
import { openSqliteStores, type SqliteStores } from '../../service/store/sqlite_stores.js';
import { SILENT_LOGGER } from './silent_logger.js';

/** Given to servers whose users are made here, as SAILPLANE_SECRET. */
export const SEED_SECRET = 'a secret that only tests and benches have';
export const SEED_ENV = { SAILPLANE_SECRET: SEED_SECRET } as const;

const DATABASE = 'sailplane.db';
const DAY_MS = 24 * 3_600_000;
const USERS_PER_BATCH = 1000;

export interface SeededUser {
  readonly uid: number;
  readonly token: string;
}

/** The database file that openForSeeding opens. */
export function seededFile(dataDir: string): string {
  return join(dataDir, DATABASE);
}

/** Stores that do not wait for the disk: what they hold is made anew if the machine fails meanwhile. */
export async function openForSeeding(dataDir: string): Promise<SqliteStores> {
  const options = {
    ...defaultsOf(SQLITE_STORE_OPTIONS),
    path: seededFile(dataDir),
    synchronous: 'OFF' as const,
  };
  return openSqliteStores(options, { logger: SILENT_LOGGER });
}

/** `count` users that no password opens; their uids. */
export async function seedUsers(stores: SqliteStores, count: number): Promise<readonly Uid[]> {
  const uids: Uid[] = [];
  while (uids.length < count) {
    const size = Math.min(USERS_PER_BATCH, count - uids.length);
    const wanted = Array.from({ length: size }, () => {
      const account = `seeded_${crypto.randomUUID()}`;
      return { account, nickname: account, avatar: '', email: '', passwordHash: '' };
    });
    for (const user of await stores.users.create(wanted)) if (user !== undefined) uids.push(user.uid);
  }
  return uids;
}

/** A good token for `device` of each of them, in their order. */
export async function seedTokens(
  stores: SqliteStores,
  uids: readonly Uid[],
  device: number,
): Promise<readonly SeededUser[]> {
  const signer = new JoseTokens({ secret: SEED_SECRET });
  const nowMs = Date.now();
  const pairs = uids.map((uid) => ({ uid, device: known(toDevice(device)) }));
  const versions = await stores.users.issueTokens(pairs);
  return Promise.all(
    versions.map(async (version) => ({
      uid: version.uid,
      token: await signer.sign({ ...version, issuedAtMs: nowMs, expiresAtMs: nowMs + DAY_MS }),
    })),
  );
}

/** What `uid` thinks of `peer`, decided while no server has the folder. */
export async function setBlocked(dataDir: string, uid: number, peer: number, on: boolean): Promise<void> {
  const [one, other] = [known(toUid(uid)), known(toUid(peer))];
  const change = { kind: 'relation', uid: one, peer: other, list: 'black', on } as const;
  const stores = await openForSeeding(dataDir);
  try {
    await stores.messages.append([{ conv: chatConversation(one, other), change }]);
  } finally {
    await stores.close();
  }
}
