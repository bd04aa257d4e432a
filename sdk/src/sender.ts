/** Everything about the user's own messages until their last tick: the checks, the outbox, the answers. */
import { imError, ERRORS } from '../../im/errors.js';
import { ACTIONS } from '../../im/message/actions.js';
import { conversationWith } from '../../im/message/conversation.js';
import { toCount, toGid, toMid, toPeer, toUid, type PeerId } from '../../im/message/ids.js';
import { isClientId } from '../../im/message/client_id.js';
import { EVERYBODY, MENTION_LIMIT } from '../../im/message/message.js';
import { RECALL_TYPE, recallClientId } from '../../im/message/recall.js';
import { CodedError } from '../../pkg/errors/coded_error.js';
import type { Random } from './backoff.js';
import { nowMs } from './coarse_timer.js';
import type { Connection } from './connection.js';
import { clientError, newSend, Outbox, raise, type LateState, type Send } from './outbox.js';
import { SentLog } from './sent_log.js';
import { Tickets } from './tickets.js';
import type { ClientTuning, Message, Outgoing, SavedSend } from './types.js';
import type { PeerMarks, StoredAck } from './wire.js';
import { RECALLED, type LogEvent } from './wire_events.js';

export interface SendOptions {
  /** Small integer that the apps agree on; 1 (text) where absent. */
  readonly type?: number;
  /** Names the message for retries; ≤ 64 bytes, unique per user. Absent: the client makes one. */
  readonly clientId?: string;
  /** The mid of the message that this one answers. */
  readonly replyTo?: number;
  /** Who is addressed by name: uids, EVERYBODY (0) for all members of a group; at most MENTION_LIMIT (50). */
  readonly mentions?: readonly number[];
}

/** A message as it was shown or told by history: the user's own, or in a group that he is an admin of anybody's. */
export type RecallableMessage = Pick<Message, 'to' | 'mid' | 'seq' | 'clientId' | 'own'>;

export interface SenderDeps {
  connection(): Connection | undefined;
  changed(view: Outgoing): void;
  /** A recall left the outbox. */
  recallSettled(): void;
  /** Of session/ticket; rejects with a CodedError. */
  ticket(to: number): Promise<string>;
  wakeBy(atMs: number): void;
  readonly random: Random;
}

const TEXT_TYPE = 1;
/** The second refusal is of a ticket that the server has just made. */
const TICKET_TRIES = 2;
const TYPE_LIMIT = 2 ** 31;
const ENCODER = new TextEncoder();
/** Both say «temporary» in the table; a server that does not know so is not believed. */
const UNKNOWN_OUTCOMES: readonly number[] = [ERRORS.OUTCOME_UNKNOWN.code, ERRORS.INTERNAL.code];

export class Sender {
  readonly #deps: SenderDeps;
  readonly #outbox: Outbox;
  readonly #sentLog: SentLog;
  readonly #tickets: Tickets;
  readonly #idName = randomName();
  #idCount = 0;
  #uid = 0;
  #contentLimitBytes = Infinity;

  constructor(tuning: ClientTuning, deps: SenderDeps) {
    this.#deps = deps;
    this.#sentLog = new SentLog({ limitCount: tuning.recentLimit }, (send) => deps.changed(send.view));
    this.#tickets = new Tickets({ fetch: (to) => deps.ticket(to) });
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
    const peer = checked(to, type, options);
    this.#check(content, clientId);
    if (this.#outbox.isFull) throw imError('QUEUE_FULL', 'the outbox');
    this.#sentLog.forget(clientId);
    const { replyTo, mentions } = options;
    const saved: SavedSend = {
      to: peer,
      clientId,
      type,
      content: content.toWellFormed(),
      sentAtMs: Date.now(),
      ...(replyTo !== undefined && { replyTo }),
      ...(mentions !== undefined && mentions.length > 0 && { mentions: [...mentions] }),
    };
    const send = newSend(saved, this.#conversationWith(to));
    this.#outbox.add(send, nowMs());
    return send.view;
  }

  /** Goes the way of a send to the same peer: behind what is queued already, and again until it is answered. */
  recall({ to, mid, seq, clientId: targetId, own }: RecallableMessage): Promise<void> {
    if ((!own && toGid(to) === undefined) || mid === 0)
      return Promise.reject(imError('INVALID_PARAMETER', 'not an own message that is stored'));
    const id = toMid(mid);
    if (id === undefined) return Promise.reject(imError('INVALID_PARAMETER', 'mid'));
    const clientId = recallClientId(id);
    let send = this.#outbox.find(clientId);
    if (send === undefined) {
      if (this.#outbox.isFull) return Promise.reject(imError('QUEUE_FULL', 'the outbox'));
      const recalls = { mid, seq, clientId: targetId };
      const saved = { to, clientId, type: RECALL_TYPE, content: '', sentAtMs: Date.now(), recalls };
      send = newSend(saved, this.#conversationWith(to));
      this.#outbox.add(send, nowMs());
    }
    const { waiters = (send.waiters = []) } = send;
    return new Promise((resolve, reject) => {
      waiters.push(({ error }) => {
        if (error === undefined) resolve();
        else reject(new CodedError(error.code, error.message, { temporary: error.temporary }));
      });
    });
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
    if (send.recalls === undefined) this.#sentLog.add(send);
    this.#settled(send);
    if (send.early !== undefined) this.raiseOne(ack.clientId, send.early);
    return send;
  }

  failed(clientId: string, error: CodedError): void {
    if (error.temporary || UNKNOWN_OUTCOMES.includes(error.code)) {
      this.#outbox.postpone(clientId, error.retryAfterMs ?? 0, nowMs());
      return;
    }
    if (error.code === ERRORS.WRONG_TICKET.code && this.#fetchTicket(clientId)) return;
    const send = this.#outbox.finish(clientId, nowMs());
    if (send === undefined) return;
    raise(send, 'failed', send.view, clientError(error));
    if (send.recalls === undefined) this.#sentLog.add(send);
    this.#settled(send);
  }

  /** False where a fresh ticket was refused too. */
  #fetchTicket(clientId: string): boolean {
    const send = this.#outbox.find(clientId);
    if (send === undefined || ++send.ticketCount > TICKET_TRIES) return false;
    const again = (): void => this.#outbox.postpone(clientId, 0, nowMs());
    // Without a ticket the next attempt is refused as this one was, and asks again.
    this.#tickets.renew(send.to).then(again, again);
    return true;
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

  raiseOne(clientId: string, state: LateState): void {
    const waiting = this.#outbox.find(clientId);
    if (waiting !== undefined) waiting.early = state;
    this.#sentLog.raiseOne(clientId, state);
  }

  tick(atMs: number): number {
    return this.#outbox.tick(atMs);
  }

  save(): readonly SavedSend[] {
    return Array.from(this.#outbox.all(), ({ to, clientId, type, content, sentAtMs, recalls, extra }) => {
      return { to, clientId, type, content, sentAtMs, ...extra, ...(recalls !== undefined && { recalls }) };
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
    this.#tickets.clear();
    for (const send of this.#outbox.clear()) {
      raise(send, 'failed', send.view, clientError(error));
      this.#settled(send);
    }
  }

  #settled(send: Send): void {
    if (send.recalls === undefined) this.#deps.changed(send.view);
    else this.#deps.recallSettled();
    for (const resolve of send.waiters ?? []) resolve(send.view);
    send.waiters = undefined;
  }

  #find(clientId: string): Send | undefined {
    return this.#outbox.find(clientId) ?? this.#sentLog.find(clientId);
  }

  #check(content: string, clientId: string): void {
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
    const said = this.#tickets.of(send.to);
    const ticket = said === '' ? '' : `,"ticket":${JSON.stringify(said)}`;
    connection.send(
      `{"seq":${seq},${send.recalls === undefined ? saidFrame(send) : recallFrame(send)}${ticket}}`,
    );
    return seq;
  }

  #conversationWith(to: number): string {
    const [self, peer] = [toUid(this.#uid), toPeer(to)];
    return self === undefined || peer === undefined ? '' : conversationWith(self, peer);
  }

  /** Begins with the time: the server's index of client ids then grows at its end, where it is in memory. */
  #newClientId(): string {
    return `${Date.now().toString(36)}-${this.#idName}-${(this.#idCount++).toString(36)}`;
  }
}

/** Throws INVALID_PARAMETER. */
function checked(to: number, type: number, { replyTo, mentions = [] }: SendOptions): PeerId {
  const peer = toPeer(to);
  if (peer === undefined) throw imError('INVALID_PARAMETER', 'to');
  if (toCount(type) === undefined || type >= TYPE_LIMIT) throw imError('INVALID_PARAMETER', 'type');
  if (replyTo !== undefined && toMid(replyTo) === undefined) throw imError('INVALID_PARAMETER', 'replyTo');
  const isNobody = (uid: number): boolean => uid !== EVERYBODY && toUid(uid) === undefined;
  if (mentions.length > MENTION_LIMIT || mentions.some(isNobody))
    throw imError('INVALID_PARAMETER', 'mentions');
  return peer;
}

function saidFrame({ to, clientId, type, content, sentAtMs, extra }: Send): string {
  const action = toGid(to) === undefined ? ACTIONS.chat : ACTIONS.group;
  const head = `"cliMid":${JSON.stringify(clientId)},"to":"${to}","type":${type}`;
  return `"action":"${action}","data":{${head},"content":${JSON.stringify(content)},"sendAt":${sentAtMs}${extraText(extra)}}`;
}

function extraText(extra: Send['extra']): string {
  if (extra === undefined) return '';
  const { replyTo, mentions } = extra;
  const reply = replyTo === undefined ? '' : `,"replyTo":${replyTo}`;
  return mentions === undefined ? reply : `${reply},"mentions":${JSON.stringify(mentions.map(String))}`;
}

function recallFrame({ to, clientId, recalls }: Send): string {
  const action = toGid(to) === undefined ? ACTIONS.chatRecall : ACTIONS.groupRecall;
  return `"action":"${action}","data":{"cliMid":${JSON.stringify(clientId)},"to":"${to}","mid":${recalls?.mid ?? 0}}`;
}

/** The event that the server has just stored for us, as others see it. */
export function ownEvent(send: Send, { conv, mid, seq, storedAtMs }: StoredAck, uid: number): LogEvent {
  const { clientId, to, type, content, sentAtMs, recalls, extra } = send;
  const names = recalls ?? { mid, clientId };
  const times = { sentAtMs, storedAtMs };
  const event = { conv, seq, mid: names.mid, clientId: names.clientId, from: uid, to, type, content };
  const status = recalls === undefined ? 0 : RECALLED;
  return { ...event, ...times, ...extra, status, own: true, ...(recalls !== undefined && { recalls }) };
}

/** 64 random bits once per client: ids are unique without asking for randomness per message. */
function randomName(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(2)), (word) => word.toString(36)).join('');
}
