/** A group in a scene, for contract cases: who comes, goes and says what, by the numbers of the scene's users. */
import assert from 'node:assert/strict';
import { groupConversation, type ConversationName } from '../message/conversation.js';
import type { GroupProfile } from '../message/group.js';
import type { Gid, Seq, Uid } from '../message/ids.js';
import { EVENT_KIND, type ChatEvent } from '../message/message.js';
import { NOTICE_TYPE } from '../message/notice.js';
import type { GroupChange } from './group_interface.js';
import type { AppendRequest, AppendResult, NewEvent } from './interface.js';
import { seq, stored, WIDE, type Scene } from './scene.contract.js';

/** A change without who does it, for each kind of change. */
type Deed = GroupChange extends infer Change
  ? Change extends GroupChange
    ? Omit<Change, 'kind' | 'by'>
    : never
  : never;

const LIMITS = { memberLimit: 100_000, groupLimit: 1000 } as const;

const PROFILE: Required<GroupProfile> = {
  name: 'a group',
  avatar: '',
  announcement: '',
  joinMode: 'open',
  openHistory: false,
};

export class GroupScene {
  readonly scene: Scene;
  readonly gid: Gid;
  readonly conv: ConversationName;
  #deeds = 0;
  #said = 0;
  readonly #gone = new Set<number>();

  private constructor(scene: Scene, gid: Gid) {
    this.scene = scene;
    this.gid = gid;
    this.conv = groupConversation(gid);
  }

  /** User 0 owns it; `members` are in it from the beginning. */
  static async create(
    scene: Scene,
    members: readonly number[] = [],
    more: GroupProfile = {},
    memberLimit: number = LIMITS.memberLimit,
  ): Promise<GroupScene> {
    const group = new GroupScene(scene, await scene.stores.groups.leaseGid());
    const profile = { ...PROFILE, ...more };
    const uids = members.map((member) => scene.uid(member));
    await group.did(0, { do: 'create', profile, ...LIMITS, memberLimit, uids });
    return group;
  }

  /** One that is there already. */
  static of(scene: Scene, gid: Gid): GroupScene {
    return new GroupScene(scene, gid);
  }

  uid(index: number): Uid {
    return this.scene.uid(index);
  }

  request(by: number, deed: Deed): AppendRequest {
    this.#deeds += 1;
    const event = { kind: EVENT_KIND.notice, type: NOTICE_TYPE, clientId: `deed ${this.#deeds}` };
    // Every member of Deed is a GroupChange without the two.
    const change = { ...deed, kind: 'group', by: this.uid(by) } as GroupChange;
    return { ...this.message(by, '', event), change };
  }

  /** Each with a client id of its own, also where the content is the same. */
  message(from: number, content: string, more: Partial<NewEvent> = {}): AppendRequest {
    this.#said += 1;
    const { event } = this.scene.message(from, from, content, { clientId: `said ${this.#said}`, ...more });
    assert.ok(event);
    return { conv: this.conv, event: { ...event, to: this.gid } };
  }

  async append(...batch: readonly AppendRequest[]): Promise<readonly AppendResult[]> {
    return this.scene.append(...batch);
  }

  /** The seq of the notice. */
  async did(by: number, deed: Deed): Promise<Seq> {
    const [result] = await this.append(this.request(by, deed));
    return stored(result).seq;
  }

  async say(from: number, ...contents: readonly string[]): Promise<Seq> {
    const results = await this.append(...contents.map((content) => this.message(from, content)));
    return stored(results.at(-1)).seq;
  }

  /** By the owner; one who has gone by himself comes back so. */
  add(...members: readonly number[]): Promise<Seq> {
    const uids = members.map((member) => this.uid(member));
    const [first = 0] = members;
    const isBack = members.length === 1 && this.#gone.delete(first);
    const how = isBack ? 'open' : 'invited';
    return this.did(isBack ? first : 0, { do: 'add', uids, how, code: '', groupLimit: LIMITS.groupLimit });
  }

  exit(member: number): Promise<Seq> {
    this.#gone.add(member);
    return this.did(member, { do: 'exit' });
  }

  remove(member: number): Promise<Seq> {
    return this.did(0, { do: 'remove', uids: [this.uid(member)] });
  }

  dissolve(): Promise<Seq> {
    return this.did(0, { do: 'dissolve' });
  }

  openHistory(openHistory: boolean): Promise<Seq> {
    return this.did(0, { do: 'profile', profile: { openHistory } });
  }

  /** Everything that `reader` may read, by pages of `count`, each beginning where the one before said that it ended. */
  async readBy(reader: number, count = WIDE.count): Promise<readonly ChatEvent[]> {
    const events: ChatEvent[] = [];
    let from = seq(1);
    for (;;) {
      const limits = { count, bytes: WIDE.bytes };
      const { messages } = this.scene.stores;
      const page = await messages.range(this.uid(reader), this.conv, from, seq(2 ** 40), limits);
      assert.ok(page.events.every((event) => page.from <= event.seq && event.seq <= page.to));
      events.push(...page.events);
      if (!page.more) return events;
      assert.ok(page.to >= from, 'a page with more behind it goes forward');
      from = seq(page.to + 1);
    }
  }

  async seqsOf(reader: number, count = WIDE.count): Promise<readonly number[]> {
    return (await this.readBy(reader, count)).map((event) => event.seq);
  }
}
