/** Everything about the user's own messages until their last tick: the checks, the outbox, the answers. */
import { imError, ERRORS } from '../../im/errors.js';
import { ACTIONS } from '../../im/message/actions.js';
import { chatConversation } from '../../im/message/conversation.js';
import { toCount, toUid } from '../../im/message/ids.js';
import { isClientId } from '../../im/message/json_decoder.js';
import type { CodedError } from '../../pkg/errors/coded_error.js';
import type { Random } from './backoff.js';
import { nowMs } from './coarse_timer.js';
import type { Connection } from './connection.js';
import { clientError, newSend, Outbox, raise, type Send } from './outbox.js';
import { SentLog } from './sent_log.js';
import type { ClientTuning, Outgoing, SavedSend } from './types.js';
import type { PeerMarks, StoredAck } from './wire.js';

export interface SendOptions {
  /** Small integer that the apps agree on; 1 (text) where absent. */
  readonly type?: number;
  /** Names the message for retries; ≤ 64 bytes, unique per user. Absent: the client makes one. */
  readonly clientId?: string;
}

export interface SenderDeps {
  connection(): Connection | undefined;
  changed(view: Outgoing): void;
  wakeBy(atMs: number): void;
  readonly random: Random;
}

const TEXT_TYPE = 1;
const TYPE_LIMIT = 2 ** 31;
const ENCODER = new TextEncoder();
/** Both say «temporary» in the table; a server that does not know so is not believed. */
const UNKNOWN_OUTCOMES: readonly number[] = [ERRORS.OUTCOME_UNKNOWN.code, ERRORS.INTERNAL.code];

export class Sender {
  readonly #deps: SenderDeps;
  readonly #outbox: Outbox;
  readonly #sentLog: SentLog;
  readonly #idName = randomName();
  #idCount = 0;
  #uid = 0;
  #contentLimitBytes = Infinity;

  constructor(tuning: ClientTuning, deps: SenderDeps) {
    this.#deps = deps;
    this.#sentLog = new SentLog({ limitCount: tuning.recentLimit }, (send) => deps.changed(send.view));
    const backoff = { minMs: tuning.reconnectMinMs, maxMs: tuning.reconnectMaxMs };
    this.#outbox = new Outbox(
      { limitCount: tuning.outboxLimit, ackTimeoutMs: tuning.ackTimeoutMs, backoff },
      {
        transmit: (send) => this.#transmit(send),
        suspect: (atMs) => this.#deps.connection()?.probe(atMs),
        wakeBy: (atMs) => deps.wakeBy(atMs),
        random: deps.random,
      },
    );
  }

  /** Throws INVALID_PARAMETER, BAD_CLIENT_ID, CONTENT_TOO_LARGE or QUEUE_FULL; the same client id again: the same send. */
  send(to: number, content: string, options: SendOptions): Outgoing {
    const clientId = options.clientId ?? this.#newClientId();
    const known = options.clientId === undefined ? undefined : this.#find(clientId);
    if (known !== undefined && known.view.state !== 'failed') {
      if (known.to !== to) throw imError('BAD_CLIENT_ID', 'it names a message to somebody else');
      return known.view;
    }
    const type = options.type ?? TEXT_TYPE;
    this.#check(to, content, type, clientId);
    if (this.#outbox.isFull) throw imError('QUEUE_FULL', 'the outbox');
    this.#sentLog.forget(clientId);
    const saved = { to, clientId, type, content: content.toWellFormed(), sentAtMs: Date.now() };
    const send = newSend(saved, this.#conversationWith(to));
    this.#outbox.add(send, nowMs());
    return send.view;
  }

  /** Resolves when stored or failed; at once where it is. Rejects where no such send is remembered. */
  sent(clientId: string): Promise<Outgoing> {
    const send = this.#find(clientId);
    if (send === undefined) return Promise.reject(imError('BAD_CLIENT_ID', 'no such send is remembered'));
    if (send.view.state !== 'queued') return Promise.resolve(send.view);
    return new Promise((resolve) => (send.waiters ??= []).push(resolve));
  }

  find(clientId: string): Outgoing | undefined {
    return this.#find(clientId)?.view;
  }

  connected(uid: number, contentLimitBytes: number): void {
    this.#contentLimitBytes = contentLimitBytes;
    this.known(uid);
    this.#outbox.connected(nowMs());
  }

  disconnected(): void {
    this.#outbox.disconnected();
  }

  /** From now on conversations have names. */
  known(uid: number): void {
    if (this.#uid === uid) return;
    this.#uid = uid;
    for (const send of this.#outbox.all())
      send.view = { ...send.view, conv: this.#conversationWith(send.to) };
  }

  /** The message that has just been stored, with what the app is to see of it; undefined for a late answer. */
  stored(ack: StoredAck): Send | undefined {
    const send = this.#outbox.finish(ack.clientId, nowMs());
    if (send === undefined) return undefined;
    raise(send, 'stored', ack);
    this.#sentLog.add(send);
    this.#settled(send);
    if (send.early !== undefined) this.raiseOne(ack.clientId, send.early);
    return send;
  }

  failed(clientId: string, error: CodedError): void {
    if (error.temporary || UNKNOWN_OUTCOMES.includes(error.code)) {
      this.#outbox.postpone(clientId, error.retryAfterMs ?? 0, nowMs());
      return;
    }
    const send = this.#outbox.finish(clientId, nowMs());
    if (send === undefined) return;
    raise(send, 'failed', send.view, clientError(error));
    this.#sentLog.add(send);
    this.#settled(send);
  }

  /** An error that names a frame only; false where that frame was no message. */
  refused(frameSeq: number, error: CodedError): boolean {
    const send = frameSeq === 0 ? undefined : this.#outbox.findByFrame(frameSeq);
    if (send !== undefined) this.failed(send.clientId, error);
    return send !== undefined;
  }

  raiseRange(conv: string, from: number, to: number, state: 'received' | 'read'): void {
    this.#sentLog.raiseRange(conv, from, to, state);
  }

  raiseAll(marksOf: (conv: string) => PeerMarks | undefined): void {
    this.#sentLog.raiseAll(marksOf);
  }

  raiseOne(clientId: string, state: 'offline' | 'received' | 'read'): void {
    const waiting = this.#outbox.find(clientId);
    if (waiting !== undefined) waiting.early = state;
    this.#sentLog.raiseOne(clientId, state);
  }

  tick(atMs: number): number {
    return this.#outbox.tick(atMs);
  }

  save(): readonly SavedSend[] {
    return Array.from(this.#outbox.all(), ({ to, clientId, type, content, sentAtMs }) => {
      return { to, clientId, type, content, sentAtMs };
    });
  }

  /** What was left from the last run goes before what has been queued since. */
  restore(saved: readonly SavedSend[]): void {
    const sends = saved.filter(({ clientId }) => this.#outbox.find(clientId) === undefined);
    this.#outbox.prepend(
      sends.map((send) => newSend(send, this.#conversationWith(send.to))),
      nowMs(),
    );
  }

  /** Another user signed in: these were not his. */
  abandon(error: CodedError): void {
    for (const send of this.#outbox.clear()) {
      raise(send, 'failed', send.view, clientError(error));
      this.#settled(send);
    }
  }

  #settled(send: Send): void {
    this.#deps.changed(send.view);
    for (const resolve of send.waiters ?? []) resolve(send.view);
    send.waiters = undefined;
  }

  #find(clientId: string): Send | undefined {
    return this.#outbox.find(clientId) ?? this.#sentLog.find(clientId);
  }

  #check(to: number, content: string, type: number, clientId: string): void {
    if (toUid(to) === undefined) throw imError('INVALID_PARAMETER', 'to');
    if (toCount(type) === undefined || type >= TYPE_LIMIT) throw imError('INVALID_PARAMETER', 'type');
    if (typeof content !== 'string') throw imError('INVALID_PARAMETER', 'content is not text');
    if (!isClientId(clientId)) throw imError('BAD_CLIENT_ID');
    const limitBytes = this.#contentLimitBytes;
    // One UTF-16 unit takes at most three bytes; most messages are not counted.
    if (content.length * 3 > limitBytes && ENCODER.encode(content).length > limitBytes) {
      throw imError('CONTENT_TOO_LARGE', `more than ${limitBytes} bytes`);
    }
  }

  #transmit(send: Send): number {
    const connection = this.#deps.connection();
    if (connection === undefined) return 0;
    const seq = connection.nextSeq();
    connection.send(
      `{"seq":${seq},"action":"${ACTIONS.chat}","data":{"cliMid":${JSON.stringify(send.clientId)},"to":"${send.to}","type":${send.type},"content":${JSON.stringify(send.content)},"sendAt":${send.sentAtMs}}}`,
    );
    return seq;
  }

  #conversationWith(to: number): string {
    const [self, peer] = [toUid(this.#uid), toUid(to)];
    return self === undefined || peer === undefined ? '' : chatConversation(self, peer);
  }

  /** The time comes first: the server's index of client ids then grows at one place, not one per sender. */
  /** Begins with the time: the server's index of client ids then grows at its end, where it is in memory. */
  #newClientId(): string {
    return `${Date.now().toString(36)}-${this.#idName}-${(this.#idCount++).toString(36)}`;
  }
}

/** 64 random bits once per client: ids are unique without asking for randomness per message. */
function randomName(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(2)), (word) => word.toString(36)).join('');
}
