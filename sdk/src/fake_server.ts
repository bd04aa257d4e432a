/**
 * A protocol-true server for the SDK's own tests: real sockets, one process, logs in memory. It answers sign-in,
 * sync, range and sends by itself; hooks make it misbehave. Not a server for anything else.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import { conversationWith, groupOf } from '../../im/message/conversation.js';
import { encodeDown } from '../../im/message/encoder.js';
import { isGid, known, toGid, toMid, toSeq, toUid, type PeerId, type Uid } from '../../im/message/ids.js';
import { errorInfo } from '../../im/message/error_info.js';
import { decodeUp } from '../../im/message/json_decoder.js';
import { eventFields } from '../../im/message/event_fields.js';
import {
  EVENT_KIND,
  MESSAGE_STATUS,
  type ApiUp,
  type ChatEvent,
  type ChatUp,
  type DownFrame,
  type ErrorInfo,
  type RecallUp,
  type SyncCursor,
  type UpFrame,
} from '../../im/message/message.js';
import { NOTICE_TYPE, noticeContent, type GroupNotice } from '../../im/message/notice.js';
import { recallClientId, recallContent } from '../../im/message/recall.js';

export const SELF = known(toUid(1));
export const PEER = known(toUid(2));
export const GROUP = known(toGid(2 ** 30 + 7));

/** Returns true where the frame has been dealt with (or swallowed) by the test. */
export type FrameHook = (frame: UpFrame, socket: WebSocket) => boolean;

export class FakeServer {
  readonly #server: WebSocketServer;
  readonly #logs = new Map<string, ChatEvent[]>();
  /** Every decoded frame, in order of arrival. */
  readonly frames: UpFrame[] = [];
  readonly sockets = new Set<WebSocket>();
  hook: FrameHook = () => false;
  epoch = 1;
  /** The device's marks as the server has them. */
  readonly deviceSeqs = new Map<string, number>();
  /** Conversations that sync leaves out although they changed. */
  readonly hidden = new Set<string>();
  /** Of a group: what SELF may not read of it. */
  readonly closed = new Map<string, (seq: number) => boolean>();
  /** Fields of a conversation's sync row that a test wants otherwise. */
  readonly rows = new Map<string, Readonly<Record<string, unknown>>>();
  /** Answers of operations that this server knows nothing of. */
  readonly answers = new Map<string, (data: unknown) => unknown>();
  refusal: ErrorInfo | undefined;
  heartbeatMs = 0;
  #mid = 0;

  constructor() {
    this.#server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    this.#server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
      socket.on('message', (data: Buffer) => this.#receive(data.toString(), socket));
    });
  }

  static async start(): Promise<FakeServer> {
    const server = new FakeServer();
    await once(server.#server, 'listening');
    return server;
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `ws://127.0.0.1:${port}/ws`;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.terminate();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  log(conv: string): ChatEvent[] {
    const log = this.#logs.get(conv) ?? [];
    this.#logs.set(conv, log);
    return log;
  }

  /** Stores a message without telling anybody. */
  append(
    from: Uid,
    to: PeerId,
    clientId: string,
    content = clientId,
    more: Partial<ChatEvent> = {},
  ): ChatEvent {
    const conv = conversationWith(from, to);
    const log = this.log(conv);
    const earlier = log.find((event) => event.from === from && event.clientId === clientId);
    if (earlier !== undefined) return earlier;
    const numbers = { seq: known(toSeq(log.length + 1)), mid: known(toMid(++this.#mid)) };
    const times = { sentAtMs: 1_700_000_000_000, storedAtMs: 1_700_000_000_000 + this.#mid };
    const message = { kind: EVENT_KIND.message, conv, clientId, from, to, type: 1, content, status: 0 };
    const event: ChatEvent = { ...message, ...numbers, ...times, ...more };
    log.push(event);
    return event;
  }

  /** Stores what happened to GROUP, as its server would, and pushes it. */
  notice(from: Uid, notice: GroupNotice): ChatEvent {
    const more = { kind: EVENT_KIND.notice, type: NOTICE_TYPE };
    const event = this.append(from, GROUP, `notice-${this.#mid}`, noticeContent(notice), more);
    this.push(event);
    return event;
  }

  push(event: ChatEvent, after = event.seq - 1): void {
    this.tell({ kind: 'push', event, after: known(toSeq(after)) });
  }

  /** To every socket. */
  tell(frame: DownFrame): void {
    for (const socket of this.sockets) this.answer(socket, frame);
  }

  answer(socket: WebSocket, frame: DownFrame): void {
    for (const text of encodeDown(frame, 'modern')) socket.send(text);
  }

  /** Decoded frames of one kind. */
  got<Kind extends UpFrame['kind']>(kind: Kind): Extract<UpFrame, { kind: Kind }>[] {
    return this.frames.filter((frame): frame is Extract<UpFrame, { kind: Kind }> => frame.kind === kind);
  }

  store(frame: ChatUp, socket: WebSocket): ChatEvent {
    const more = frame.extra === undefined ? {} : { extra: frame.extra };
    const event = this.append(SELF, frame.to, frame.clientId, frame.content, more);
    const { conv, seq, mid, clientId, storedAtMs } = event;
    this.answer(socket, { kind: 'stored', echo: frame.echo, conv, seq, mid, clientId, storedAtMs });
    if (isGid(frame.to)) this.answer(socket, { kind: 'accepted', conv, seq, mid, clientId });
    return event;
  }

  /** Stores the recall and blanks its target, once. */
  recall({ echo, to, target, clientId }: RecallUp, socket: WebSocket): ChatEvent | undefined {
    const log = this.log(conversationWith(SELF, to));
    const at = log.findIndex(({ mid }) => mid === target);
    const message = log[at];
    if (message === undefined) return undefined;
    log[at] = { ...message, content: '', status: MESSAGE_STATUS.recalled };
    const content = recallContent({ by: SELF, mid: target, clientId: message.clientId, seq: message.seq });
    const event = {
      ...this.append(SELF, to, recallClientId(target), content),
      kind: EVENT_KIND.recall,
    };
    log[event.seq - 1] = event;
    const { conv, seq, storedAtMs } = event;
    this.answer(socket, { kind: 'stored', echo, conv, seq, mid: target, clientId, storedAtMs });
    return event;
  }

  fail(frame: ChatUp, socket: WebSocket, error: ErrorInfo): void {
    this.answer(socket, { kind: 'failed', echo: frame.echo, mid: 0, clientId: frame.clientId, error });
  }

  #receive(text: string, socket: WebSocket): void {
    const { frame } = decodeUp(text, { depth: 32, keys: 1_000, contentBytes: 60_000 });
    this.frames.push(frame);
    if (!this.hook(frame, socket)) this.handle(frame, socket);
  }

  /** What it does where no hook says otherwise. */
  handle(frame: UpFrame, socket: WebSocket): void {
    switch (frame.kind) {
      case 'auth':
        this.#signIn(frame.echo, socket);
        return;
      case 'chat':
        this.store(frame, socket);
        return;
      case 'heartbeat':
        this.answer(socket, { kind: 'heartbeat', isProbe: false });
        if (frame.cursor !== undefined) this.#compare(frame.cursor, socket);
        return;
      case 'api':
        this.#api(frame, socket);
        return;
      case 'recall':
        this.recall(frame, socket);
        return;
      case 'relay':
      case 'receipt':
      case 'bad':
    }
  }

  #signIn(echo: number, socket: WebSocket): void {
    if (this.refusal !== undefined) {
      this.answer(socket, { kind: 'error', echo, error: this.refusal });
      return;
    }
    const limits = { frameBytes: 65_536, contentBytes: 1_000, rangeCount: 200, rangeBytes: 131_072 };
    const { epoch, heartbeatMs } = this;
    const data = { uid: String(SELF), device: 2, protocol: 1, features: [], limits, heartbeatMs, epoch };
    this.answer(socket, { kind: 'success', action: 'notify.success', echo, data });
  }

  #compare(said: SyncCursor, socket: WebSocket): void {
    const { count, sum } = this.#cursor();
    if (count <= said.count && sum <= said.sum) return;
    this.answer(socket, { kind: 'sync', conversations: [], cursor: { count, sum } });
  }

  #cursor(): SyncCursor {
    const logs = [...this.#logs.values()];
    return { count: logs.length, sum: logs.reduce((sum, log) => sum + log.length, 0) };
  }

  #api(frame: ApiUp, socket: WebSocket): void {
    const { echo } = frame;
    const data = this.#run(frame);
    if (data === undefined) {
      this.answer(socket, {
        kind: 'apiError',
        action: 'api.failed',
        echo,
        error: errorInfo('NO_SUCH_ROUTE'),
      });
    } else {
      this.answer(socket, { kind: 'success', action: 'api.success', echo, data });
    }
  }

  #run({ action, data }: ApiUp): unknown {
    if (action === 'api.sync') return this.#sync(data);
    return action === 'api.msg.range' ? this.#range(data) : this.answers.get(action)?.(data);
  }

  /** Pages of two conversations, so that paging is always part of it. */
  #sync(data: unknown): unknown {
    const { since, after = '' } = data as { since: number; after?: string };
    const names = [...this.#logs.keys()].sort().filter((conv) => since === 0 || !this.hidden.has(conv));
    const rest = names.filter((conv) => conv > after);
    const page = rest.slice(0, 2);
    return {
      conversations: page.map((conv) => this.#row(conv)),
      more: rest.length > page.length,
      next: page.at(-1) ?? '',
      ...this.#cursor(),
      cursor: 1_700_000_000_000 + this.#mid,
      epoch: this.epoch,
    };
  }

  #row(conv: string): unknown {
    const log = this.log(conv);
    const first = log[0];
    const deviceSeq = this.deviceSeqs.get(conv) ?? 0;
    const other = first === undefined ? PEER : first.from === SELF ? first.to : first.from;
    const peer = groupOf(conv) ?? other;
    const unread = log.filter(({ from, kind }) => from !== SELF && kind === EVENT_KIND.message).length;
    const marks = { deviceSeq, deliveredSeq: 0, readSeq: 0, peerDeliveredSeq: 0, peerReadSeq: 0, unread };
    const last = { lastSeq: log.length, lastMid: log.at(-1)?.mid ?? 0, lastAt: log.at(-1)?.storedAtMs ?? 0 };
    return {
      conv,
      peer: String(peer),
      firstSeq: 1,
      ...last,
      ...marks,
      ...this.marks,
      ...this.rows.get(conv),
    };
  }

  /** Fields of every conversation in sync answers that a test wants otherwise. */
  marks: Readonly<Record<string, number>> = {};

  #range(data: unknown): unknown {
    const { conv, from, to } = data as { conv: string; from: number; to: number };
    const end = Math.min(to, this.log(conv).length);
    const last = Math.min(end, from + 199);
    const isClosed = this.closed.get(conv) ?? (() => false);
    const events = this.log(conv)
      .slice(from - 1, last)
      .filter(({ seq }) => !isClosed(seq));
    return {
      conv,
      from,
      to: last,
      events: events.map((event) => eventFields(event)),
      more: last < end,
      floor: 1,
    };
  }
}
