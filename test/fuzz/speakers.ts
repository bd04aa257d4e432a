/** Signed-in users who know nobody but one another: what fuzzed frames of theirs say reaches no ordinary user. */
import { openForSeeding, seedTokens, seedUsers } from '../support/seed.js';
import type { Speaker } from './valid_frames.js';

/** The public web SDK's; a fuzzed sign-in names it too. */
const DEVICE = 2;

/** `count` users in pairs, with tokens, made before a server has the folder. */
export async function seedSpeakers(dataDir: string, count: number): Promise<readonly Speaker[]> {
  const stores = await openForSeeding(dataDir);
  try {
    const users = await seedTokens(stores, await seedUsers(stores, count), DEVICE);
    return users.map(({ uid, token }, index) => {
      const peer = users[index % 2 === 0 ? index + 1 : index - 1] ?? { uid };
      return { uid, peer: peer.uid, token };
    });
  } finally {
    await stores.close();
  }
}
