/**
 * One group with two owners at once, as there may be for a moment when a group moves from one process to another: two
 * batchers and two rooms over one store, and a gateway that is given what both deliver, in any interleaving.
 */
import { ClientDirectory } from '../../im/gateway/client_directory.js';
import type { Client } from '../../im/gateway/client.js';
import { fakeClient } from '../../im/gateway/fake_client.js';
import { GROUP_OPTIONS } from '../../im/gateway/groups/group_options.js';
import { GroupIndex } from '../../im/gateway/groups/group_index.js';
import type { GroupDelivery } from '../../im/gateway/interface.js';
import type { SharedFrame } from '../../im/gateway/shared_frame.js';
import { GROUP_FAN_OUT_OPTIONS } from '../../im/group/group_fan_out.js';
import type { GroupDraft } from '../../im/group/interface.js';
import { LocalGroups } from '../../im/group/local_groups.js';
import { groupConversation, type ConversationName } from '../../im/message/conversation.js';
import { known, toDevice, toSeq, type Gid, type Uid } from '../../im/message/ids.js';
import { EVENT_KIND, type ChatEvent } from '../../im/message/message.js';
import { NOTICE_TYPE } from '../../im/message/notice.js';
import { APPEND_BATCHER_OPTIONS, AppendBatcher } from '../../im/store/append_batcher.js';
import type { GroupChange } from '../../im/store/group_interface.js';
import type { AppendAnswer, AppendListener } from '../../im/store/interface.js';
import { defaultsOf } from '../../pkg/config/option.js';
import type { SqliteStores } from '../../service/store/sqlite_stores.js';
import type { Random } from '../fuzz/random.js';
import { SILENT_LOGGER } from '../support/silent_logger.js';
import { waitUntil } from '../support/wait.js';

export const SENDING_DEVICE = known(toDevice(1));
export const READING_DEVICE = known(toDevice(2));

/** Turns of the loop that a delivery may be late. */
const LATE_TURNS = 8;
const PAGE = { count: 500, bytes: 1 << 20 };

/** What was asked of an owner, and every answer to it: one, if all is well. */
export interface Asked {
  readonly draft: GroupDraft;
  readonly answers: AppendAnswer[];
}

/** A connection, and the seqs that it was pushed. */
export interface Watched {
  readonly uid: Uid;
  readonly client: Client;
  readonly seqs: number[];
}

/** A change without who does it. */
export type Deed = GroupChange extends infer Change
  ? Change extends GroupChange
    ? Omit<Change, 'kind' | 'by'>
    : never
  : never;

export class Owner implements AppendListener<Asked> {
  readonly asked: Asked[] = [];
  readonly #batcher: AppendBatcher;
  readonly #groups: LocalGroups;

  constructor(stores: SqliteStores, deliver: (deliveries: readonly GroupDelivery[]) => Promise<void>) {
    const { messages: store, ids } = stores;
    this.#batcher = new AppendBatcher(
      { ...defaultsOf(APPEND_BATCHER_OPTIONS), retryMs: 1 },
      { store, ids, logger: SILENT_LOGGER },
    );
    this.#groups = new LocalGroups(defaultsOf(GROUP_FAN_OUT_OPTIONS), {
      appender: this.#batcher,
      dispatch: { deliver: () => Promise.resolve([]), deliverToGroups: deliver },
      logger: SILENT_LOGGER,
    });
  }

  get isDone(): boolean {
    return this.asked.every(({ answers }) => answers.length > 0) && this.#groups.stats().queuedCount === 0;
  }

  ask(draft: GroupDraft): Asked {
    const asked: Asked = { draft, answers: [] };
    this.asked.push(asked);
    const refusal = this.#groups.enqueue(draft, this, asked);
    if (refusal !== undefined) asked.answers.push(refusal);
    return asked;
  }

  settled(batch: Parameters<AppendListener<Asked>['settled']>[0]): void {
    for (const { context, result } of batch) context.answers.push(result);
  }

  close(): Promise<void> {
    return this.#batcher.close(1000);
  }
}

export class TwoOwners {
  readonly stores: SqliteStores;
  readonly gid: Gid;
  readonly conv: ConversationName;
  readonly owners: readonly [Owner, Owner];
  readonly index: GroupIndex;
  readonly #watched = new Map<Client, Watched>();
  readonly #directory = new ClientDirectory();
  readonly #random: Random;
  #count = 0;

  constructor(stores: SqliteStores, gid: Gid, random: Random) {
    this.stores = stores;
    this.gid = gid;
    this.conv = groupConversation(gid);
    this.#random = random;
    const push = (client: Client, { frame }: SharedFrame): void => {
      if (frame.kind === 'push') this.#watched.get(client)?.seqs.push(frame.event.seq);
    };
    const nothing = (): void => undefined;
    this.index = new GroupIndex(
      // No hole is read: what one connection must not see (its own) is not in the log's words.
      { ...defaultsOf(GROUP_OPTIONS), groupHoleMs: 60_000 },
      {
        directory: this.#directory,
        deliverer: { pushEvent: push, relay: nothing, pushCount: nothing },
        oldSdks: { stored: nothing, skipped: nothing, withheld: nothing },
        send: nothing,
        messages: stores.messages,
        groups: stores.groups,
        logger: SILENT_LOGGER,
      },
    );
    this.owners = [this.#owner(), this.#owner()];
  }

  get watched(): readonly Watched[] {
    return [...this.#watched.values()];
  }

  /** As sign_in_handler.ts does it. */
  async signIn(uid: Uid, device: typeof SENDING_DEVICE): Promise<void> {
    const joining = this.index.begin(uid);
    await this.index.read(joining, (groups) => {
      const client = fakeClient(uid);
      client.profile = 'web';
      client.isModern = true;
      const terms = { tokenVersion: 1, tokenExpiresAtMs: Infinity, heartbeatMs: 0, answer: {} };
      this.#directory.bind(client, { uid, device, ...terms }, 0);
      this.#watched.set(client, { uid, client, seqs: [] });
      this.index.enter(client, joining, groups);
    });
    this.index.end(joining);
  }

  message(from: Uid, content: string, clientId = `c${++this.#count}`): GroupDraft {
    const ids = { from, to: this.gid, clientId, mid: 0, device: SENDING_DEVICE } as const;
    const event = { kind: EVENT_KIND.message, ...ids, type: 1, content, sentAtMs: 1 };
    return { conv: this.conv, event, isAnswered: true };
  }

  change(by: Uid, deed: Deed): GroupDraft {
    const { event } = this.message(by, '');
    // Every member of Deed is a GroupChange without the two.
    const change = { ...deed, kind: 'group', by } as GroupChange;
    const notice = { ...known(event), kind: EVENT_KIND.notice, type: NOTICE_TYPE };
    return { conv: this.conv, event: notice, change, isAnswered: false };
  }

  /** Everything asked has been answered, and everything stored has gone out to all connections. */
  async settled(): Promise<void> {
    await waitUntil('all answers', () => this.owners.every(({ isDone }) => isDone));
    const last = (await this.log()).length;
    await waitUntil(
      () => `the gateway to be at ${last}`,
      () => this.index.stats().waitingCount === 0,
    );
    // A long fan-out goes on in later turns.
    await this.#turns(LATE_TURNS);
  }

  async log(): Promise<readonly ChatEvent[]> {
    const events: ChatEvent[] = [];
    for (;;) {
      const [from, to] = [known(toSeq(events.length + 1)), known(toSeq(2 ** 40))];
      const { events: page, more } = await this.stores.messages.logOf(this.conv, from, to, PAGE);
      events.push(...page);
      if (!more) return events;
    }
  }

  async close(): Promise<void> {
    this.index.close();
    await Promise.all(this.owners.map((owner) => owner.close()));
    await this.stores.close();
  }

  #owner(): Owner {
    return new Owner(this.stores, async (deliveries) => {
      // Some now and some later: what the other owner delivers comes in between, before and after.
      for (let at = 0; at < deliveries.length;) {
        await this.#turns(this.#random.below(LATE_TURNS));
        const end = at + 1 + this.#random.below(4);
        await this.index.deliver(deliveries.slice(at, end));
        at = end;
      }
    });
  }

  async #turns(count: number): Promise<void> {
    for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
}
