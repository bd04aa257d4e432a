/**
 * What every contract case of the stores stands on: a store made by the engine's factory, users in it, and
 * short words for messages and logs. No cases here; they must pass over any engine.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { TestContext } from 'node:test';
import { chatConversation, type ConversationName } from '../message/conversation.js';
import { known, toDevice, toMid, toSeq, type Device, type Mid, type Seq, type Uid } from '../message/ids.js';
import { EVENT_KIND, type ChatEvent } from '../message/message.js';
import { RECALL_TYPE, recallClientId } from '../message/recall.js';
import type { AppendRequest, AppendResult, NewEvent, PageLimits, StoredNumbers } from './interface.js';
import type { Stores } from './stores_interface.js';

/** A store with nothing in it, of one engine. */
export interface StoreUnderTest {
  readonly stores: Stores;
  /** Lets go of the data and opens it again, as a new process would. */
  reopen(): Promise<Stores>;
  /** From now on the database refuses a message row with this content. */
  poison(content: string): Promise<void>;
  /** Erases what lies below `floor`. */
  expire(conv: ConversationName, floor: Seq): Promise<void>;
}

/** Makes one; what it holds is given back when the test ends. */
export type StoreFactory = (t: TestContext) => Promise<StoreUnderTest>;

/** The same on the clock of the test, ms since 1970. */
export type TimedStoreFactory = (t: TestContext, clock: () => number) => Promise<Stores>;

/** The same where the test can make statements fail. */
export interface FaultyStoreUnderTest extends StoreUnderTest {
  /** The k-th statement from now on (from 1, BEGIN and COMMIT count) fails instead of running; only that one. */
  failAtStatement(k: number): void;
  /** Statements begun since the last failAtStatement. */
  statementCount(): number;
}

export type FaultyStoreFactory = (t: TestContext) => Promise<FaultyStoreUnderTest>;

export const seq = (value: number): Seq => known(toSeq(value));
export const mid = (value: number): Mid => known(toMid(value));
export const PHONE: Device = known(toDevice(1));
export const WEB: Device = known(toDevice(2));
export const WIDE: PageLimits = { count: 5000, bytes: 64 << 20 };
const LEASE_COUNT = 2000;

/** Users with names that nobody else has. */
export async function newUsers(stores: Stores, count: number): Promise<readonly Uid[]> {
  const mark = randomUUID();
  const users = await stores.users.create(
    Array.from({ length: count }, (_, index) => ({
      account: `${mark}-${index}`,
      nickname: `user ${index}`,
      avatar: '',
      email: '',
      passwordHash: '',
    })),
  );
  return users.map((user) => known(user?.uid));
}

/** Users of one store and what they say. */
export class Scene {
  readonly stores: Stores;
  readonly #uids: readonly Uid[];
  #nextMid: number;

  private constructor(stores: Stores, uids: readonly Uid[], firstMid: number) {
    this.stores = stores;
    this.#uids = uids;
    this.#nextMid = firstMid;
  }

  static async open(stores: Stores, userCount = 2): Promise<Scene> {
    const uids = await newUsers(stores, userCount);
    const { first } = await stores.ids.leaseMids(LEASE_COUNT);
    return new Scene(stores, uids, first);
  }

  get count(): number {
    return this.#uids.length;
  }

  uid(index: number): Uid {
    return known(this.#uids[index]);
  }

  conv(one = 0, other = 1): ConversationName {
    return chatConversation(this.uid(one), this.uid(other));
  }

  newMid(): Mid {
    return mid(this.#nextMid++);
  }

  /** A message of user `from` to user `to` (by index); the client id is its content unless said otherwise. */
  message(from: number, to: number, content: string, more: Partial<NewEvent> = {}): AppendRequest {
    return {
      conv: this.conv(from, to),
      event: {
        kind: EVENT_KIND.message,
        from: this.uid(from),
        device: PHONE,
        to: this.uid(to),
        clientId: content.slice(0, 40),
        mid: this.newMid(),
        midIsClaimed: false,
        type: 1,
        content,
        sentAtMs: 1_700_000_000_000,
        ...more,
      },
    };
  }

  /** User `from` takes back what he said to user `to`. */
  recall(from: number, to: number, target: Mid, windowMs = 60_000): AppendRequest {
    const event = { kind: EVENT_KIND.recall, type: RECALL_TYPE, clientId: recallClientId(target) };
    return {
      ...this.message(from, to, `{"Mid":${target}}`, event),
      change: { kind: 'recall', mid: target, by: this.uid(from), windowMs },
    };
  }

  /** What user `uid` puts user `peer` on, or takes him off. */
  relation(uid: number, peer: number, list: 'black' | 'white', on = true): AppendRequest {
    return {
      conv: this.conv(uid, peer),
      change: { kind: 'relation', uid: this.uid(uid), peer: this.uid(peer), list, on },
    };
  }

  async append(...batch: readonly AppendRequest[]): Promise<readonly AppendResult[]> {
    return answered(await this.stores.messages.append(batch));
  }

  /** Stores messages that nothing stands against. */
  async say(from: number, to: number, ...contents: readonly string[]): Promise<readonly StoredNumbers[]> {
    const results = await this.append(...contents.map((content) => this.message(from, to, content)));
    return results.map(stored);
  }

  /** The whole log as the first member sees it, checked to be 1, 2, 3 … without hole or repeat. */
  async log(one = 0, other = 1, stores = this.stores): Promise<readonly ChatEvent[]> {
    const conv = this.conv(one, other);
    const events: ChatEvent[] = [];
    for (;;) {
      const from = seq(events.length + 1);
      const page = await stores.messages.range(this.uid(one), conv, from, seq(2 ** 40), WIDE);
      events.push(...page.events);
      if (!page.more) break;
    }
    assert.deepEqual(
      events.map((event) => event.seq),
      events.map((_, index) => index + 1),
    );
    assert.equal(new Set(events.map((event) => event.mid)).size, events.length);
    assert.equal(new Set(events.map(({ from, clientId }) => `${from} ${clientId}`)).size, events.length);
    const [last] = await stores.messages.lastSeqs([conv]);
    assert.equal(last?.lastSeq ?? 0, events.length);
    return events;
  }

  async contents(one = 0, other = 1): Promise<readonly string[]> {
    return (await this.log(one, other)).map((event) => event.content);
  }
}

export function answered(
  results: Awaited<ReturnType<Stores['messages']['append']>>,
): readonly AppendResult[] {
  if ('refused' in results) assert.fail(`the batch was refused: ${results.cause}`);
  return results;
}

export function stored(result: AppendResult | undefined): StoredNumbers {
  if (result?.outcome !== 'stored') assert.fail(`not stored: ${JSON.stringify(result)}`);
  return result.event;
}

export function duplicate(result: AppendResult | undefined): ChatEvent {
  if (result?.outcome !== 'duplicate') assert.fail(`not a duplicate: ${JSON.stringify(result)}`);
  return result.event;
}

export const outcomes = (results: readonly AppendResult[]): readonly string[] =>
  results.map((result) => (result.outcome === 'refused' ? result.error : result.outcome));

/** A rejection with the code of that name. */
export const withCode =
  (code: number) =>
  (error: unknown): boolean =>
    error instanceof Error && 'code' in error && error.code === code;
