/**
 * Users who are here and came into a group by an event that its channel was past already: only the store knows
 * whether they still are in it. Their groups are read as for a sign-in, and their connections told to fetch what they
 * were not pushed.
 */
import type { Logger } from '../../../pkg/log/logger.js';
import type { Gid, Uid } from '../../message/ids.js';
import type { Client } from '../client.js';
import type { ClientDirectory } from '../client_directory.js';
import { placesOf, type Joining, type UserGroups } from './sign_in_groups.js';

export interface LateMembersDeps {
  readonly directory: Pick<ClientDirectory, 'clientsOf'>;
  readonly begin: (uid: Uid) => Joining;
  readonly read: (joining: Joining, enter: (groups: UserGroups) => void) => Promise<void>;
  readonly enter: (client: Client, joining: Joining, groups: UserGroups) => void;
  readonly end: (joining: Joining) => void;
  /** Something of this group was not pushed, up to `seq` at least. */
  readonly announce: (client: Client, gid: Gid, seq: number) => void;
  readonly logger: Logger;
}

const PAUSE_MS = 500;

export class LateMembers {
  readonly #deps: LateMembersDeps;
  /** Where they came in, with the seq; bounded by the users who are here. */
  readonly #looking = new Map<Uid, Map<Gid, number>>();
  #isStopped = false;
  /** Since the start: joinings that came late, and looks that failed and are repeated. */
  lateCount = 0;
  failedCount = 0;

  constructor(deps: LateMembersDeps) {
    this.#deps = deps;
  }

  /** Users whose groups are being looked up now. */
  get lookingCount(): number {
    return this.#looking.size;
  }

  add(gid: Gid, uid: Uid, seq: number): void {
    this.lateCount++;
    const looking = this.#looking.get(uid);
    // What comes while his groups are being read is kept, as for a sign-in.
    if (looking !== undefined) {
      looking.set(gid, seq);
      return;
    }
    this.#looking.set(uid, new Map([[gid, seq]]));
    void this.#run(uid);
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** Until the store has answered, or nobody is here whom it would be for. Never rejects. */
  async #run(uid: Uid): Promise<void> {
    while (!this.#isStopped && this.#deps.directory.clientsOf(uid).length > 0) {
      if (await this.#look(uid)) return;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS).unref());
    }
    this.#looking.delete(uid);
  }

  async #look(uid: Uid): Promise<boolean> {
    const { begin, read, end, logger } = this.#deps;
    const joining = begin(uid);
    try {
      await read(joining, (groups) => this.#enter(uid, joining, groups));
      return true;
    } catch (error) {
      this.failedCount++;
      logger.warn({ err: error, uid }, 'the groups of a late member could not be read yet');
      return false;
    } finally {
      end(joining);
    }
  }

  #enter(uid: Uid, joining: Joining, groups: UserGroups): void {
    const came = this.#looking.get(uid) ?? new Map<Gid, number>();
    this.#looking.delete(uid);
    const found = placesOf(groups, joining);
    for (const client of this.#deps.directory.clientsOf(uid)) {
      // Of what it has a place in from now on it is told when it is given that.
      const untold = [...came].filter(([gid]) => !found.has(gid) || client.groups?.has(gid) === true);
      this.#deps.enter(client, joining, groups);
      for (const [gid, seq] of untold) this.#deps.announce(client, gid, seq);
    }
  }
}
