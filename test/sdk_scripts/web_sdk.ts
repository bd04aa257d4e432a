/**
 * The public TypeScript SDK as a protocol script: its calls and frames, byte for byte, in its order, on its timers
 * (3 s for every answer, receipt after 1.6 s, heartbeat 30 s). It keys messages by cliMid, looks for nothing that
 * is missing, and never comes back by itself.
 */
import assert from 'node:assert/strict';
import { asObject, type Json } from '../support/raw_client.js';
import { deadline, waitUntil } from '../support/wait.js';
import { ScriptSocket, type Line } from './script_socket.js';

const ANSWER_MS = 3000;
const RECEIPT_DELAY_MS = 1600;
const HEARTBEAT_MS = 30_000;
const DEVICE = 2;

const MESSAGES: ReadonlySet<string> = new Set([
  ...['message.chat', 'message.chat.recall', 'message.group', 'message.group.recall'],
]);

export interface WebMessage {
  readonly cliMid: string;
  readonly mid: number;
  readonly seq: number;
  readonly from: string;
  readonly to: string;
  readonly type: number;
  readonly content: string;
  /** Milliseconds. */
  readonly sendAt: number;
  status: number;
}

export interface WebSdkOptions {
  /** False: as if the login had brought no credential, so that `api.auth` is the fallback. */
  readonly withCredential?: boolean;
}

export class WebSdk {
  readonly #http: string;
  readonly #ws: string;
  readonly #options: WebSdkOptions;
  readonly shown: WebMessage[] = [];
  readonly #byCliMid = new Map<string, WebMessage>();
  readonly #tickets = new Map<string, string>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #socket: ScriptSocket | undefined;
  #seq = 0;
  token = '';
  uid = 0;
  isLoggedOut = false;
  /** How many times a message came that was there already. */
  repeatedCount = 0;
  /** For a test of what happens when a receipt gets lost. */
  swallowsReceipts = false;

  constructor(urls: { readonly http: string; readonly ws: string }, options: WebSdkOptions = {}) {
    this.#http = urls.http;
    this.#ws = urls.ws;
    this.#options = options;
  }

  get socket(): ScriptSocket {
    assert.ok(this.#socket !== undefined, 'not connected');
    return this.#socket;
  }

  heard(action: string): readonly Line[] {
    return this.socket.lines.filter(({ way, frame }) => way === 'down' && frame['action'] === action);
  }

  async loginByPassword(email: string, password: string): Promise<void> {
    const body = { Email: email, Device: DEVICE, Password: password };
    await this.login(asObject(await this.#post('auth/signin_v2', body)));
  }

  /** The UI's reconnect button, and the start of the page. */
  async loginByToken(token: string): Promise<void> {
    await this.login(asObject(await this.#post('auth/token', { Token: token })));
  }

  /** From the answer of any of the logins on, in its order. */
  async login(answer: Json): Promise<void> {
    const { token, uid } = answer;
    assert.ok(typeof token === 'string' && token !== '', `token in ${JSON.stringify(answer)}`);
    this.token = token;
    this.uid = Number(uid);
    const info = await this.#post('user/info', { Uid: [this.uid] });
    assert.ok(Array.isArray(info) && typeof asObject(info[0])['nick_name'] === 'string', 'user/info');
    const sessions = await this.#post('session/recent', {});
    assert.ok(Array.isArray(sessions) && sessions.every((row) => 'To' in asObject(row)), 'session/recent');
    assert.ok(Array.isArray(await this.#request('GET', 'session/blacklist')), 'the black list is an array');
    await this.#connect();
    const { credential } = asObject(answer['credential']);
    const byCredential = this.#options.withCredential !== false;
    assert.ok(!byCredential || typeof credential === 'string', 'a credential');
    const { frame } = byCredential
      ? await this.ask('authenticate', { version: 1, credential })
      : await this.ask('api.auth', { Token: token });
    const wanted = byCredential ? 'notify.success' : 'api.success';
    assert.equal(frame['action'], wanted, JSON.stringify(frame));
  }

  /** session/ticket, then the frame, then ack.message within 3 s; rejects as the SDK does. */
  async send(to: number, content: string, type = 1): Promise<WebMessage> {
    const message = {
      cliMid: crypto.randomUUID().replaceAll('-', '').toUpperCase(),
      content,
      from: String(this.uid),
      mid: 0,
      sendAt: Date.now(),
      seq: 0,
      to: String(to),
      type,
      status: 0,
    };
    return this.#sendMessage('message.chat', message);
  }

  /** To a channel: the same, and the ack is that of a chat. `gid` may be the name of the world channel. */
  async sendToChannel(gid: number | string, content: string): Promise<WebMessage> {
    const message = {
      cliMid: crypto.randomUUID().replaceAll('-', '').toUpperCase(),
      content,
      from: String(this.uid),
      mid: 0,
      sendAt: Date.now(),
      seq: 0,
      to: String(gid),
      type: 1,
      status: 0,
    };
    return this.#sendMessage('message.group', message);
  }

  async recallInChannel(message: WebMessage): Promise<WebMessage> {
    const { cliMid, content, from, mid, sendAt, seq, to, type } = message;
    return this.#sendMessage('message.group.recall', {
      ...{ cliMid, content, from, mid, sendAt, seq, to, type },
      status: 3,
    });
  }

  /** The message itself once more under the recall's action, with status 3. */
  async recall(message: WebMessage): Promise<WebMessage> {
    const { cliMid, content, from, mid, sendAt, seq, to, type } = message;
    return this.#sendMessage('message.chat.recall', {
      cliMid,
      content,
      from,
      mid,
      sendAt,
      seq,
      to,
      type,
      status: 3,
    });
  }

  /** Typing and the like: no answer. */
  sendCli(to: number, type: number, content: unknown): void {
    const data = { from: String(this.uid), to: String(to), id: crypto.randomUUID(), type, content };
    this.#say('message.cli', data, String(to));
  }

  /** Waits for a message with this content to be shown. */
  async receive(content: string, limitMs?: number): Promise<WebMessage> {
    return waitUntil(
      () => `«${content}» in the browser; it shows ${this.shown.length} messages`,
      () => this.shown.find((message) => message.content === content),
      limitMs,
    );
  }

  async expectNotify(mid: number): Promise<Json> {
    const line = await waitUntil(`ack.notify of ${mid}`, () =>
      this.heard('ack.notify').find(({ frame }) => asObject(frame['data'])['mid'] === mid),
    );
    return asObject(line.frame['data']);
  }

  /** What it asks once of everybody whom it shows; from then on it only listens (userEvents). */
  async stateOf(uid: number): Promise<Json> {
    const { frame } = await this.ask('api.user.state', { uid: String(uid) });
    assert.equal(frame['action'], 'api.success', JSON.stringify(frame));
    return asObject(frame['data']);
  }

  /** Who came and who went, as it hears it: the flag in the data counts, not the name of the action. */
  get userEvents(): readonly Json[] {
    const lines = this.socket.lines.filter(
      ({ way, frame }) =>
        way === 'down' &&
        (frame['action'] === 'event.user.online' || frame['action'] === 'event.user.offline'),
    );
    return lines.map(({ frame }) => asObject(frame['data']));
  }

  async ask(action: string, data: unknown): Promise<Line> {
    const seq = this.#say(action, data);
    return this.#answer(action, seq, ['api.success', 'api.failed', 'notify.success', 'notify.error']);
  }

  logout(): void {
    this.isLoggedOut = true;
    this.#stopTimers();
    this.#socket?.close();
  }

  end(): void {
    this.#stopTimers();
    this.#socket?.cut();
  }

  async #connect(): Promise<void> {
    const events = {
      heard: (line: Line) => this.#heard(line),
      closed: () => this.#stopTimers(),
    };
    this.#socket = await ScriptSocket.connect(this.#ws, {}, events, ANSWER_MS);
    this.#timers.add(setInterval(() => this.#say('heartbeat', {}), HEARTBEAT_MS));
  }

  async #sendMessage(
    action: string,
    data: Omit<WebMessage, 'status'> & { readonly status: number },
  ): Promise<WebMessage> {
    const ticket = await this.#ticket(data.to);
    const seq = this.#say(action, data, data.to, ticket);
    const line = await deadline(
      waitUntil('the ack', () => this.#ackOf(data.cliMid) ?? this.#refusalOf(seq), 2 * ANSWER_MS),
      ANSWER_MS,
      () => 'ack timeout',
    );
    const { mid, seq: place } = asObject(line.frame['data']);
    if (typeof mid !== 'number') throw new Error(`refused: ${line.text}`);
    return { ...data, mid, seq: Number(place) };
  }

  #ackOf(cliMid: string): Line | undefined {
    const acks = this.heard('ack.message');
    return acks.find(({ frame }) => asObject(frame['data'])['cliMid'] === cliMid);
  }

  #refusalOf(seq: number): Line | undefined {
    return [...this.heard('notify.error'), ...this.heard('notify.forbidden')].find(
      ({ frame }) => frame['seq'] === seq,
    );
  }

  async #ticket(to: string): Promise<string> {
    const kept = this.#tickets.get(to);
    if (kept !== undefined) return kept;
    const { Ticket: ticket } = asObject(await this.#post('session/ticket', { To: to }));
    assert.ok(typeof ticket === 'string' && ticket !== '', 'a ticket');
    this.#tickets.set(to, ticket);
    return ticket;
  }

  async #answer(action: string, seq: number, actions: readonly string[]): Promise<Line> {
    return waitUntil(
      `an answer to ${action}`,
      () =>
        this.socket.lines.find(
          ({ way, frame }) =>
            way === 'down' && frame['seq'] === seq && actions.includes(String(frame['action'])),
        ),
      ANSWER_MS,
    );
  }

  #heard({ frame, text }: Line): void {
    const { action } = frame;
    assert.ok(typeof action === 'string', `unreadable: ${text}`);
    if (action === 'notify.kickout' || action === 'notify.auth') return this.logout();
    if (!MESSAGES.has(action)) return;
    const message = readMessage(asObject(frame['data']), text);
    if (action.endsWith('.recall')) this.#takeBack(message);
    else this.#show(message);
    // It confirms no message of a channel.
    if (action.startsWith('message.chat') && !this.swallowsReceipts) this.#confirmLater(message);
  }

  #show(message: WebMessage): void {
    if (this.#byCliMid.has(message.cliMid)) {
      this.repeatedCount++;
      return;
    }
    this.#byCliMid.set(message.cliMid, message);
    this.shown.push(message);
  }

  #takeBack({ cliMid, mid }: WebMessage): void {
    const message = this.#byCliMid.get(cliMid);
    if (message !== undefined && message.mid === mid) message.status = 3;
  }

  #confirmLater({ mid, from }: WebMessage): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#say('ack.request', { mid, from }, from);
    }, RECEIPT_DELAY_MS);
    this.#timers.add(timer);
  }

  /** The envelope's keys in the SDK's order. */
  #say(action: string, data: unknown, to: string | null = null, ticket?: string): number {
    const seq = ++this.#seq;
    const said = ticket === undefined ? '' : `,"ticket":${JSON.stringify(ticket)}`;
    this.#socket?.send(
      `{"action":"${action}","data":${JSON.stringify(data)},"seq":${seq},"to":${JSON.stringify(to)},"extra":null${said}}`,
    );
    return seq;
  }

  #stopTimers(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  async #post(path: string, body: Json): Promise<unknown> {
    return this.#request('POST', path, body);
  }

  /** Within 3 s, with Code 100, or it throws. */
  async #request(method: 'GET' | 'POST', path: string, body?: Json): Promise<unknown> {
    const answer = await fetch(`${this.#http}/${path}`, {
      method,
      headers: {
        'content-type': 'application/json',
        ...(this.token !== '' && { authorization: `Bearer ${this.token}` }),
      },
      signal: AbortSignal.timeout(ANSWER_MS),
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const said = await answer.text();
    const envelope = asObject(JSON.parse(said));
    assert.equal(envelope['Code'], 100, `${path}: ${said}`);
    return envelope['Data'];
  }
}

/** Strings for people, a number for mid, milliseconds, and a cliMid that is never empty: else the SDK drops it. */
function readMessage(data: Json, line: string): WebMessage {
  const { cliMid, mid, seq, from, to, type, content, sendAt, status } = data;
  assert.ok(typeof cliMid === 'string' && cliMid !== '', line);
  assert.ok(typeof from === 'string' && typeof to === 'string', line);
  assert.ok(typeof mid === 'number' && typeof seq === 'number' && typeof type === 'number', line);
  assert.ok(typeof sendAt === 'number' && sendAt > 1e10 && typeof status === 'number', line);
  return { cliMid, mid, seq, from, to, type, content: String(content), sendAt, status };
}
