/**
 * Brings whoever signs in with an older web client into the group of everybody: as that client's own server does, and
 * as it expects, for it shows a group only once something of it has been pushed. Nobody's sign-in waits for it or
 * fails by it, and whoever has been in it before is left where he is, in or out.
 */
import type { Logger } from '../../pkg/log/logger.js';
import { groupConversation } from '../message/conversation.js';
import { WORLD_GID } from '../message/group.js';
import type { Device, Uid } from '../message/ids.js';
import type { AppendListener, MessageStore, Settled } from '../store/interface.js';
import type { SignedInUser, SignInListener } from './interface.js';
import type { WorldChannel, WorldOptions } from './world_channel.js';

export interface WorldUsherDeps {
  readonly world: Pick<WorldChannel, 'join'>;
  readonly store: Pick<MessageStore, 'conversations'>;
  readonly logger: Logger;
}

/** On their way in at once. Who comes while it is as many is brought in when he signs in again. */
const JOINING_COUNT = 1000;
const WORLD = groupConversation(WORLD_GID);

export class WorldUsher implements SignInListener, AppendListener<Uid> {
  readonly #isOn: boolean;
  readonly #deps: WorldUsherDeps;
  readonly #joining = new Set<Uid>();

  constructor({ worldChannel, worldChannelAtSignIn }: WorldOptions, deps: WorldUsherDeps) {
    this.#isOn = worldChannel && worldChannelAtSignIn;
    this.#deps = deps;
  }

  signedIn({ uid, device, dialect, isIn }: SignedInUser): void {
    if (!this.#isOn || dialect !== 'web' || isIn(WORLD_GID)) return;
    if (this.#joining.has(uid) || this.#joining.size >= JOINING_COUNT) return;
    this.#joining.add(uid);
    void this.#bringIn(uid, device);
  }

  /** Why one may not come in (banned, full) is told to nobody: nobody has asked. */
  settled(batch: readonly Settled<Uid>[]): void {
    for (const { context } of batch) this.#joining.delete(context);
  }

  /** Never rejects. */
  async #bringIn(uid: Uid, device: Device): Promise<void> {
    try {
      // It stays in his list when he leaves.
      const before = await this.#deps.store.conversations(uid, device, 1, WORLD);
      if (before.length === 0 && this.#deps.world.join(uid, device, this, uid) === undefined) return;
    } catch (error) {
      this.#deps.logger.warn({ err: error, uid }, 'not brought into the world channel');
    }
    this.#joining.delete(uid);
  }
}
