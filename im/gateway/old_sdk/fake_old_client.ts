/** For tests of this room: a log that answers like the store, and an old client over a socket that takes its bytes when told. */
import { defaultsOf } from '../../../pkg/config/option.js';
import {
  chatConversation,
  groupConversation,
  groupOf,
  toConversation,
  type ConversationName,
} from '../../message/conversation.js';
import { known, toDevice, toMid, toSeq, toUid, type Gid, type Uid } from '../../message/ids.js';
import { DEFAULT_SETTINGS } from '../../message/settings.js';
import { EVENT_KIND, type ChatEvent, type Profile } from '../../message/message.js';
import type { InboundFrame } from '../../messaging/interface.js';
import { Client } from '../client.js';
import { ClientDirectory } from '../client_directory.js';
import { FlushPace } from '../flush_pace.js';
import { Flusher } from '../flusher.js';
import type { Connection, Delivery } from '../interface.js';
import { OUTBOUND_OPTIONS, OutboundQueue } from '../outbound_queue.js';
import { SharedFrame } from '../shared_frame.js';
import { OLD_SDK_OPTIONS, type OldSdkOptions } from './old_client.js';
import { OldSdks } from './old_sdks.js';
import type { OldSdkStore } from './store_pages.js';

export const READER = known(toUid(1));
export const WEB = known(toDevice(2));

interface Stored extends ChatEvent {
  readonly isOwn: boolean;
}

/** What everybody wrote to READER, and what READER's own device wrote. */
export class FakeLog implements OldSdkStore {
  readonly logs = new Map<ConversationName, Stored[]>();
  readonly marks = new Map<ConversationName, number>();
  /** What any device of READER has got. */
  readonly delivered = new Map<ConversationName, number>();
  readCount = 0;
  failure: Error | undefined;
  #mid = 0;

  say(peer: Uid, isOwn = false, content = 'x', gid?: Gid): ChatEvent {
    const conv = gid === undefined ? chatConversation(READER, peer) : groupConversation(gid);
    const log = this.logs.get(conv) ?? [];
    this.logs.set(conv, log);
    const mid = known(toMid(++this.#mid));
    const [from, other] = isOwn ? [READER, peer] : [peer, READER];
    const to = gid ?? other;
    const seq = known(toSeq(log.length + 1));
    const event: Stored = {
      ...{ kind: EVENT_KIND.message, conv, seq, mid, clientId: `c${mid}`, from, to, type: 1, content },
      ...{ sentAtMs: 1, storedAtMs: mid, status: 0, isOwn },
    };
    log.push(event);
    return event;
  }

  /** The same by another device of READER. */
  sayElsewhere(peer: Uid): ChatEvent {
    const own = { ...this.say(peer), from: READER, to: peer };
    this.logs.get(own.conv)?.splice(-1, 1, { ...own, isOwn: false });
    return own;
  }

  async offlinePage(
    ...[, , passed, limits, only]: Parameters<OldSdkStore['offlinePage']>
  ): Promise<ChatEvent[]> {
    await this.#read();
    const missed = [...this.logs].flatMap(([conv, log]) => {
      const from = passed.get(conv) ?? this.marks.get(conv) ?? 0;
      const isAsked =
        only === undefined || only === conv || (only === 'groups' && groupOf(conv) !== undefined);
      return isAsked ? log.filter((e) => e.seq > from && !e.isOwn) : [];
    });
    return missed.sort((one, other) => one.mid - other.mid).slice(0, limits.count);
  }

  async range(...[, conv, from, to, limits]: Parameters<OldSdkStore['range']>) {
    await this.#read();
    const all = (this.logs.get(conv) ?? []).filter(({ seq }) => seq >= from && seq <= to);
    const events = all.slice(0, limits.count);
    const more = events.length < all.length;
    return { conv, from, to: more ? known(events.at(-1)).seq : to, events, more, floor: known(toSeq(1)) };
  }

  async sentBetween(...[conv, sender, from, to]: Parameters<OldSdkStore['sentBetween']>) {
    await this.#read();
    return (this.logs.get(conv) ?? []).filter((e) => e.from === sender && e.seq >= from && e.seq <= to);
  }

  async conversations(...[, , , name]: Parameters<OldSdkStore['conversations']>) {
    await this.#read();
    const [conv, seq] = [known(toConversation(name)), known(toSeq(1))];
    const deviceSeq = known(toSeq(this.marks.get(conv) ?? 0));
    const marks = { deviceSeq, readSeq: seq, peerDeliveredSeq: seq, peerReadSeq: seq };
    const deliveredSeq = known(toSeq(this.delivered.get(conv) ?? 0));
    const rest = { peer: READER, lastMid: 0, lastAtMs: 0, createdAtMs: 0, unread: 0, mentions: 0 };
    return [
      {
        conv,
        firstSeq: seq,
        lastSeq: seq,
        ...marks,
        deliveredSeq,
        ...rest,
        isMember: true,
        settings: DEFAULT_SETTINGS,
      },
    ];
  }

  async #read(): Promise<void> {
    this.readCount++;
    // Longer than a turn of the loop: live events come while a page is read.
    for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
    if (this.failure !== undefined) throw this.failure;
  }
}

const PROBE = 'are you there?';

/** A connection whose frames are one line each. */
export class FakeSocket implements Connection {
  readonly id = 1;
  readonly remoteAddress = '127.0.0.1';
  readonly host = 'localhost';
  readonly format = { name: 'fake', pack: (text: string) => Buffer.from(text + '\n') };
  takesBytes = true;
  /** Answers probes as soon as it has taken them. */
  answers = true;
  text = '';
  #answeredCount = 0;
  readonly #probes: (() => void)[] = [];
  #pending: (() => void) | undefined;

  write(chunks: readonly Uint8Array[], done: () => void): void {
    this.text += Buffer.concat(chunks).toString();
    const taken = (): void => {
      done();
      if (this.answers) this.answer();
    };
    if (this.takesBytes) process.nextTick(taken);
    else this.#pending = taken;
  }

  probe(proved: () => void): Uint8Array {
    this.#probes.push(proved);
    return Buffer.from(`${PROBE}\n`);
  }

  /** Probes that were written to it. */
  get probeCount(): number {
    return this.text.split(PROBE).length - 1;
  }

  answer(): void {
    const due = this.#probes.splice(0, this.probeCount - this.#answeredCount);
    this.#answeredCount += due.length;
    for (const proved of due) proved();
  }

  take(): void {
    this.takesBytes = true;
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.();
  }

  pause(): void {
    return;
  }

  resume(): void {
    return;
  }

  signedIn(): void {
    return;
  }

  close(): void {
    return;
  }

  /** The mids of the messages that were pushed, in order. */
  mids(): readonly number[] {
    const lines = this.text.split('\n').filter((line) => /message\.(chat|group)/.test(line));
    return lines.map((line) => Number(/"mid":(\d+)/i.exec(line)?.[1]));
  }
}

export interface SceneOptions extends Partial<OldSdkOptions> {
  readonly queueBytes?: number;
}

export class OldSdkScene {
  readonly log = new FakeLog();
  readonly told: Delivery[] = [];
  /** What was said in the clients' place. */
  readonly receipts: InboundFrame['frame'][] = [];
  /** What they acknowledge is written from now on only when this resolves. */
  written = Promise.resolve();
  readonly directory = new ClientDirectory();
  readonly sdks: OldSdks;
  readonly #queueBytes: number;
  readonly #flusher: Flusher;

  constructor({ queueBytes = 262_144, ...options }: SceneOptions = {}) {
    this.#queueBytes = queueBytes;
    // Who names a limit of conversations wants them forgotten at once.
    const { oldSdkConversations: count } = options;
    const busy = count === undefined ? {} : { oldSdkBusyConversations: count };
    this.#flusher = new Flusher({ flushBytes: 65_536 }, new FlushPace({ groupFlushMs: 0 }), {
      drained: (client) => this.sdks.drained(client),
    });
    this.sdks = new OldSdks(
      { ...defaultsOf(OLD_SDK_OPTIONS), ...busy, ...options },
      {
        store: this.log,
        messaging: { handle: (frames) => this.receipts.push(...frames.map(({ frame }) => frame)) },
        dispatch: { deliver: (list) => Promise.resolve(this.told.push(...list)).then(() => []) },
        directory: this.directory,
        receipts: { written: () => this.written },
        schedule: (client) => this.#flusher.schedule(client),
        logger: { error: silent, warn: silent, info: silent, debug: silent },
      },
    );
  }

  /** READER signs in on `device`. */
  enter(profile: Profile, device = WEB, isModern = false): { client: Client; socket: FakeSocket } {
    const socket = new FakeSocket();
    const options = { ...defaultsOf(OUTBOUND_OPTIONS), queueBytes: this.#queueBytes };
    const client = new Client(socket, new OutboundQueue(options, { bytes: 0 }), 0);
    Object.assign(client, { profile, isModern });
    const rest = { tokenVersion: 1, tokenExpiresAtMs: Infinity, heartbeatMs: 0, answer: {} };
    const result = this.directory.bind(client, { uid: READER, device, ...rest }, 0);
    // As in sign_in_handler.ts: the rival goes first, then the sign-in is answered.
    if (result.bound && result.rival !== undefined) this.leave(result.rival);
    this.sdks.signedIn(client);
    return { client, socket };
  }

  leave(client: Client): void {
    client.isClosed = true;
    this.directory.unbind(client);
    this.sdks.gone(client);
  }

  /** The event on its way, as everybody's deliveries come. */
  push(client: Client, event: ChatEvent): void {
    const frame = { kind: 'push', event, after: known(toSeq(event.seq - 1)) } as const;
    this.sdks.push(client, frame, new SharedFrame(frame));
  }

  /** The same for a modern client; what it is sent does not matter here. */
  pushModern(client: Client, event: ChatEvent): void {
    this.sdks.willPush(client, event);
  }

  /** As modern clients acknowledge: an interval. */
  ackInterval(client: Client, { conv }: ChatEvent, from: number, to: number): void {
    const [first, last] = [known(toSeq(from)), known(toSeq(to))];
    this.sdks.receipt(client, {
      kind: 'receipt',
      by: 'interval',
      conv,
      from: first,
      to: last,
      state: 'received',
    });
  }

  ack(client: Client, event: ChatEvent): ReturnType<OldSdks['receipt']> {
    return this.sdks.receipt(client, { kind: 'receipt', by: 'mid', mid: event.mid });
  }

  /** The frames that are for READER's socket, as what they are. */
  pushReceipt(client: Client, conv: ConversationName, from: number, to: number): Promise<void> | undefined {
    const [first, last] = [known(toSeq(from)), known(toSeq(to))];
    const interval = {
      conv,
      from: first,
      to: last,
      state: 'received',
      by: READER,
      messages: undefined,
    } as const;
    const frame = { kind: 'receipt', ...interval } as const;
    return this.sdks.pushReceipt(client, frame, new SharedFrame(frame));
  }
}

function silent(): void {
  return;
}

/** Turns of the loop: reads, flushes and their callbacks. */
export async function settled(turns = 40): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
}
