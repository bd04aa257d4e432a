/** For random plays: one device of a public SDK, whose network does as it likes, before the real rooms of this folder. */
import assert from 'node:assert/strict';
import { defaultsOf } from '../../../pkg/config/option.js';
import { groupOf, type ConversationName } from '../../message/conversation.js';
import { known, toSeq } from '../../message/ids.js';
import type { PushedMessage, Profile, ReceiptUp } from '../../message/message.js';
import type { Interest } from '../../message/settings.js';
import { Client } from '../client.js';
import { ClientDirectory } from '../client_directory.js';
import { Deliverer } from '../deliverer.js';
import { FlushPace } from '../flush_pace.js';
import { Flusher } from '../flusher.js';
import { GroupIndex } from '../groups/group_index.js';
import { GROUP_OPTIONS } from '../groups/group_options.js';
import type { Connection } from '../interface.js';
import { OUTBOUND_OPTIONS, OutboundQueue } from '../outbound_queue.js';
import { DeviceLog, type Logged } from './fake_device_log.js';
import { READER, WEB } from './fake_old_client.js';
import { OLD_SDK_OPTIONS, type OldSdkOptions } from './old_client.js';
import { OldSdks } from './old_sdks.js';

export interface WorldOptions extends Partial<OldSdkOptions> {
  readonly queueBytes: number;
  readonly groupHoleEvents: number;
  readonly readTurns: readonly [number, number];
}

/** `kernel`: takes all, and nothing arrives; `stuck`: takes nothing. */
export type Network = 'flows' | 'kernel' | 'stuck';

const PROBE = 'are you there?';
const SHOWN = /"[aA]ction":"(?:message\.(?:chat|group)|notify\.group)".*?"[mM]id":(\d+)/;
const nothing = (): void => undefined;

export class PlayedSocket implements Connection {
  readonly id = 1;
  readonly remoteAddress = '127.0.0.1';
  readonly host = 'localhost';
  readonly format = { name: 'fake', pack: (text: string) => Buffer.from(text + '\n') };
  readonly pause = nothing;
  readonly resume = nothing;
  readonly signedIn = nothing;
  readonly close = nothing;
  /** The mids that arrived, in order. */
  readonly mids: number[] = [];
  answers = true;
  #network: Network = 'flows';
  #isDead = false;
  #onTheWay = '';
  #pending: (() => void) | undefined;
  #unanswered = 0;
  readonly #probes: (() => void)[] = [];
  readonly #written: (mid: number) => void;
  readonly #shown: (mid: number) => void;

  constructor(written: (mid: number) => void, shown: (mid: number) => void) {
    this.#written = written;
    this.#shown = shown;
  }

  write(chunks: readonly Uint8Array[], done: () => void): void {
    const text = Buffer.concat(chunks).toString();
    for (const line of text.split('\n')) {
      const mid = SHOWN.exec(line)?.[1];
      if (mid !== undefined) this.#written(Number(mid));
    }
    const taken = (): void => {
      if (this.#isDead) return;
      this.#onTheWay += text;
      done();
      if (this.#network === 'flows') this.#arrive();
    };
    if (this.#network === 'stuck') this.#pending = taken;
    else process.nextTick(taken);
  }

  probe(proved: () => void): Uint8Array {
    this.#probes.push(proved);
    return Buffer.from(`${PROBE}\n`);
  }

  become(network: Network): void {
    this.#network = network;
    if (network === 'stuck') return;
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.();
    if (network === 'flows') this.#arrive();
  }

  answer(isOn: boolean): void {
    this.answers = isOn;
    while (this.answers && this.#unanswered > 0 && !this.#isDead) {
      this.#unanswered--;
      this.#probes.shift()?.();
    }
  }

  /** What has not arrived never will. */
  die(): void {
    this.#isDead = true;
    this.#onTheWay = '';
  }

  #arrive(): void {
    const lines = this.#onTheWay.split('\n');
    this.#onTheWay = '';
    for (const line of lines) {
      if (line === PROBE) this.#unanswered++;
      const mid = SHOWN.exec(line)?.[1];
      if (mid === undefined) continue;
      this.mids.push(Number(mid));
      this.#shown(Number(mid));
    }
    process.nextTick(() => this.answer(this.answers));
  }
}

export interface Played {
  readonly client: Client;
  readonly socket: PlayedSocket;
  /** What the device's marks said when it signed in. */
  readonly marks: ReadonlyMap<ConversationName, number>;
  /**
   * Of groups that he was out of by then and wanted nothing of, or left so by himself, or came into by what came when
   * he had gone: what is before comes at a later sign-in.
   */
  readonly withheldTo: Map<ConversationName, number>;
  /** Shown, and not acknowledged by the client yet. */
  readonly unacked: Set<number>;
}

export class OldWorld {
  readonly log: DeviceLog;
  readonly sdks: OldSdks;
  readonly index: GroupIndex;
  readonly deliverer: Deliverer;
  readonly directory = new ClientDirectory();
  readonly played: Played[] = [];
  /** Shown by any connection, or pulled. */
  readonly shown = new Set<number>();
  /** What may not be, and was. */
  readonly wrongs: string[] = [];
  readonly trace: string[] = [];
  /** Of the interests, which the gateway was told of; and of messages that came into a muted group then. */
  readonly wantedAt = new Map<ConversationName, number>();
  readonly mutedAt = new Map<number, number>();
  readonly #options: WorldOptions;
  readonly #flusher: Flusher;
  readonly #profile: Profile;
  readonly #total = { bytes: 0 };
  #signInNumber = 0;
  /** The last of each conversation that came to the gateway. */
  readonly #cameTo = new Map<ConversationName, number>();

  constructor(profile: Profile, options: WorldOptions) {
    this.#profile = profile;
    this.#options = options;
    this.log = new DeviceLog(options.readTurns);
    const schedule = (client: Client): void => this.#flusher.schedule(client);
    this.#flusher = new Flusher({ flushBytes: 65_536 }, new FlushPace({ groupFlushMs: 0 }), {
      drained: (client) => this.sdks.drained(client),
    });
    const logger = { error: nothing, warn: nothing, info: nothing, debug: nothing };
    const { log, directory } = this;
    this.sdks = new OldSdks(
      { ...defaultsOf(OLD_SDK_OPTIONS), ...options },
      {
        ...{ store: log, directory, schedule, logger },
        messaging: { handle: (frames) => frames.forEach(({ frame }) => this.#receive(frame)) },
        dispatch: { deliver: () => Promise.resolve([]) },
        receipts: { written: () => log.written() },
      },
    );
    const { sdks } = this;
    this.deliverer = new Deliverer({ directory, oldSdks: sdks, schedule, scheduleLater: schedule });
    this.index = new GroupIndex(
      { ...defaultsOf(GROUP_OPTIONS), groupHoleEvents: options.groupHoleEvents },
      {
        ...{ directory, deliverer: this.deliverer, oldSdks: sdks, messages: log, groups: log, logger },
        send: (client, shared) => {
          for (const chunk of shared.chunks(client.dialect, client.connection.format))
            client.outbound.enqueue(chunk);
          schedule(client);
        },
      },
    );
    sdks.start();
  }

  stop(): void {
    this.sdks.stop();
    this.index.close();
  }

  /** The one that is there. */
  get current(): Played | undefined {
    return this.played.find(({ client }) => client.uid !== undefined && !client.isClosed);
  }

  get isEntering(): boolean {
    return this.index.stats().signingInCount > 0;
  }

  /** As in sign_in_handler.ts: its groups are read, then it takes over the device. Never rejects. */
  async enter(): Promise<void> {
    const { index } = this;
    const played = this.#connect();
    const { client } = played;
    client.signInNumber = ++this.#signInNumber;
    const joining = index.begin(READER);
    try {
      await index.read(joining, (groups) => {
        const rest = { tokenVersion: 1, tokenExpiresAtMs: Infinity, heartbeatMs: 0, answer: {} };
        const result = this.directory.bind(client, { uid: READER, device: WEB, ...rest }, 0);
        if (!result.bound) return;
        this.trace.push(`in ${this.played.length}`);
        if (result.rival !== undefined)
          this.leave(known(this.played.find((one) => one.client === result.rival)));
        const all = [...this.log.all];
        const marks = new Map(all.map(([conv, { mark }]) => [conv, mark]));
        const withheldTo = new Map(all.map(([conv, { withheldTo: seq }]) => [conv, seq]));
        this.played.push({ ...played, marks, withheldTo });
        index.enter(client, joining, groups);
        this.sdks.signedIn(client);
        client.isPresent = true;
      });
    } catch {
      this.trace.push('no sign-in');
    } finally {
      index.end(joining);
    }
  }

  /** On the same connection, with another token. Never rejects. */
  async enterAgain({ client }: Played): Promise<void> {
    const { index } = this;
    const joining = index.begin(READER);
    try {
      await index.read(joining, (groups) => {
        if (!this.directory.clientsOf(READER).includes(client)) return;
        this.trace.push('in again');
        index.enter(client, joining, groups);
        this.sdks.signedIn(client);
      });
    } catch {
      this.trace.push('no sign-in again');
    } finally {
      index.end(joining);
    }
  }

  leave({ client, socket }: Played): void {
    this.trace.push('out');
    socket.die();
    client.isClosed = true;
    this.directory.unbind(client);
    this.index.leave(client);
    client.isPresent = false;
    this.sdks.gone(client);
    client.outbound.discard();
  }

  deliver(event: Logged): void {
    const { conv, seq, isOwn } = event;
    this.trace.push(`deliver ${conv}:${seq}`);
    this.#noteLate(conv, seq);
    const gid = groupOf(conv);
    const except = isOwn ? { uid: READER, device: WEB } : undefined;
    if (gid !== undefined) {
      const addressed = { kind: 'event', gid, event, audience: 'members' } as const;
      void this.index.deliver([except === undefined ? addressed : { ...addressed, except }]);
    } else if (!isOwn) {
      const frame = { kind: 'push', event, after: previous(event) } as const;
      void this.deliverer.deliver([{ frame, recipients: [{ uid: READER }] }]);
    }
  }

  /** A joining behind what has come, when he has gone already: what he is pushed may begin with his return. */
  #noteLate(conv: ConversationName, seq: number): void {
    const last = this.#cameTo.get(conv) ?? 0;
    this.#cameTo.set(conv, Math.max(seq, last));
    const late = this.log.of(conv).spans.find(({ from, to }) => from === seq && to < Infinity);
    if (late !== undefined && seq <= last) this.withhold(conv, late.to);
  }

  withhold(conv: ConversationName, seq: number): void {
    const withheldTo = this.current?.withheldTo;
    withheldTo?.set(conv, Math.max(seq, withheldTo.get(conv) ?? 0));
  }

  /** The answer to its own message. */
  answered({ conv, seq }: Logged): void {
    const { current } = this;
    if (current !== undefined) this.sdks.stored(current.client, conv, seq);
  }

  want(conv: ConversationName, interest: Interest, epoch: number): void {
    const gid = groupOf(conv);
    if (gid === undefined) return;
    const { current } = this;
    const sinceSeq = current?.client.groups?.get(gid)?.sinceSeq ?? -1;
    const { from = 0 } = this.log.of(conv).spans.at(-1) ?? {};
    // A place that he gets only now, for this membership, wants all of it.
    if (current === undefined || sinceSeq >= from - 1) this.wantedAt.set(conv, epoch);
    this.index.setInterest([{ uid: READER, gid, interest }]);
  }

  ack({ client, unacked }: Played, mids: readonly number[]): void {
    this.trace.push(`ack ${mids.join()}`);
    for (const mid of mids) {
      unacked.delete(mid);
      this.#receive(
        this.sdks.receipt(client, { kind: 'receipt', by: 'mid', mid: known(this.log.byMid.get(mid)).mid }),
      );
    }
  }

  ackList({ client, unacked }: Played, mids: readonly number[]): void {
    this.trace.push(`acks ${mids.join()}`);
    for (const mid of mids) unacked.delete(mid);
    const named = mids.map((mid) => known(this.log.byMid.get(mid)).mid);
    if (named.length > 0)
      this.#receive(this.sdks.receipt(client, { kind: 'receipt', by: 'mids', mids: named }));
  }

  /** Over HTTP, which knows no groups. */
  pull(isAcked: boolean): void {
    const missed = [...this.log.all.values()]
      .filter(({ isGroup }) => !isGroup)
      .flatMap((one) => one.missed(0, false));
    for (const { mid } of missed) this.shown.add(mid);
    if (isAcked) this.log.received(missed);
  }

  #receive(frame: ReceiptUp | { readonly kind: string }): void {
    assert.ok('by' in frame);
    const messages: PushedMessage[] = [];
    if (frame.by === 'pushed') messages.push(...frame.messages);
    else if (frame.by === 'mid') messages.push(known(this.log.byMid.get(frame.mid)));
    else if (frame.by === 'mids') for (const mid of frame.mids) messages.push(known(this.log.byMid.get(mid)));
    for (const { mid, conv, seq } of messages) {
      this.trace.push(`receipt ${conv}:${seq}`);
      if (!this.shown.has(mid) && !this.wordless.has(mid))
        this.wrongs.push(`${conv}:${seq} was received and never arrived`);
    }
    this.log.received(messages);
  }

  /** For which the dialect has no word. */
  readonly wordless = new Set<number>();

  #connect(): Played {
    const unacked = new Set<number>();
    const number = this.#signInNumber + 1;
    const socket = new PlayedSocket(
      (mid) => this.#written(mid, number),
      (mid) => {
        const { conv, seq, isOwn } = known(this.log.byMid.get(mid));
        this.trace.push(`shown ${conv}:${seq} on ${number}`);
        if (isOwn) this.wrongs.push(`${conv}:${seq} is its own`);
        this.shown.add(mid);
        unacked.add(mid);
      },
    );
    const options = { ...defaultsOf(OUTBOUND_OPTIONS), queueBytes: this.#options.queueBytes };
    const client = new Client(socket, new OutboundQueue(options, this.#total), 0);
    client.profile = this.#profile;
    return { client, socket, marks: new Map(), withheldTo: new Map(), unacked };
  }

  #written(mid: number, number: number): void {
    const { conv, seq } = known(this.log.byMid.get(mid));
    const { interest, epoch } = this.log.of(conv);
    this.trace.push(`write ${conv}:${seq} on ${number}`);
    if (interest === 'muted' && this.mutedAt.get(mid) === epoch)
      this.wrongs.push(`${conv}:${seq} is withheld`);
  }
}

function previous({ seq }: Logged): Logged['seq'] {
  const before = seq - 1;
  return known(toSeq(before));
}
