/**
 * The public Java SDK as a protocol script: the frames and calls it makes, byte for byte, in its order, on its
 * timers (heartbeat 3 s, message and request timers 5 s, reconnect at once and then every 3 s), and what it cannot
 * bear: keys in another casing, null data, a list that is missing. What it does wrong, this does wrong too.
 */
import assert from 'node:assert/strict';
import { asObject, type Json } from '../support/raw_client.js';
import { deadline, waitUntil } from '../support/wait.js';
import { ScriptSocket, type Line } from './script_socket.js';

const HEARTBEAT_MS = 3000;
const TIMER_MS = 5000;
const RECONNECT_MS = 3000;
const DEVICE = 1;

export interface JavaMessage {
  readonly mid: number;
  readonly from: number;
  readonly to: number;
  readonly type: number;
  readonly content: string;
  /** Seconds. */
  readonly cTime: number;
}

/** A message of a group as the SDK's bean has it. */
export interface JavaGroupMessage {
  readonly mid: number;
  readonly seq: number;
  readonly from: number;
  /** The gid. */
  readonly to: number;
  readonly type: number;
  readonly content: string;
  /** Seconds. */
  readonly sendAt: number;
}

export interface JavaGroupNotice {
  readonly mid: number;
  readonly gid: number;
  readonly seq: number;
  /** 1 came in, 2 went; the SDK knows no other, and looks at the first uid only. */
  readonly type: number;
  readonly uid: number;
}

/** What the app sees of a send: 4 stored, 5 received (or nobody there), 6 failed, or its timer ran out. */
export type JavaSendState = 'sending' | 'stored' | 'received' | 'failed' | 'timed out';

interface Send {
  readonly mid: number;
  state: JavaSendState;
  timer: NodeJS.Timeout;
}

export class JavaSdk {
  readonly #http: string;
  readonly #credentials: { readonly Account: string; readonly Password: string };
  readonly inbox = new Map<number, JavaMessage>();
  /** What happens between its sign-in and its pull. */
  beforeSync: (() => Promise<void>) | undefined;
  /** In the order in which the app saw them for the first time. */
  readonly shown: JavaMessage[] = [];
  readonly groupShown: JavaGroupMessage[] = [];
  readonly notices: JavaGroupNotice[] = [];
  /** New contacts (type 1) and groups (2). */
  readonly contacts: { readonly id: number; readonly type: number; readonly from: number }[] = [];
  readonly sockets: ScriptSocket[] = [];
  readonly troubles: string[] = [];
  readonly #sends = new Map<number, Send>();
  readonly #requests = new Map<number, (line: Line) => void>();
  token = '';
  uid = 0;
  kickedCount = 0;
  #url = '';
  #seq = 0;
  #heartbeats: NodeJS.Timeout | undefined;
  #retry: NodeJS.Timeout | undefined;
  #isDisconnected = false;
  /** For a test of what happens when a receipt gets lost. */
  swallowsReceipts = false;

  constructor(http: string, account: { readonly account: string; readonly password: string }) {
    this.#http = http;
    this.#credentials = { Account: account.account, Password: account.password };
  }

  get socket(): ScriptSocket {
    const socket = this.sockets.at(-1);
    assert.ok(socket !== undefined, 'not connected');
    return socket;
  }

  /** Everything heard under `action`, over all connections. */
  heard(action: string): readonly Line[] {
    const lines = this.sockets.flatMap((socket) => socket.lines);
    return lines.filter(({ way, frame }) => way === 'down' && frame['Action'] === action);
  }

  /** GlideIM.login, in its order. */
  async login(): Promise<void> {
    const signedIn = await this.#object('auth/signin', { ...this.#credentials, Device: DEVICE });
    this.token = text(signedIn, 'Token');
    await this.connect();
    const profile = await this.#object('user/profile');
    for (const key of ['Account', 'Nickname', 'Avatar']) text(profile, key);
    this.uid = number(profile, 'Uid');
  }

  /** What the app calls after it: contacts and sessions, each with what it needs of them. */
  async loadSessions(): Promise<readonly Json[]> {
    for (const contact of await this.#list('contacts/list')) {
      // Gson takes a quoted number for a long; the other SDK needs the quotes.
      const id = Number(contact['Id']);
      assert.ok(Number.isSafeInteger(id) && id > 0, JSON.stringify(contact));
      if (number(contact, 'Type') === 2) await this.loadGroup(id);
      else await this.#list('user/info', { Uid: [id] });
    }
    const sessions = await this.#list('session/recent');
    for (const state of await this.#list('msg/group/state/all')) {
      for (const key of ['LastMID', 'LastSeq', 'LastMsgAt']) number(state, key);
      await this.groupHistory(number(state, 'Gid'));
    }
    for (const session of sessions) {
      const [one, other] = [number(session, 'Uid1'), number(session, 'Uid2')];
      for (const key of ['LastMid', 'UpdateAt', 'CreateAt']) number(session, key);
      await this.#list('msg/chat/history', { Uid: one === this.uid ? other : one, BeforeMid: 0 });
    }
    return sessions;
  }

  async createGroup(name: string): Promise<number> {
    return number(await this.#object('group/create', { Name: name }), 'Gid');
  }

  async joinGroup(gid: number): Promise<void> {
    await this.#post('group/join', { Gid: gid });
  }

  async inviteToGroup(gid: number, uids: readonly number[]): Promise<void> {
    await this.#post('group/members/invite', { Gid: gid, Uid: uids });
  }

  async removeFromGroup(gid: number, uids: readonly number[]): Promise<void> {
    await this.#post('group/members/remove', { Gid: gid, Uid: uids });
  }

  /** As the app shows it: what it is called, and who is in it. */
  async loadGroup(gid: number): Promise<{ readonly name: string; readonly members: readonly number[] }> {
    const [info] = await this.#list('group/info', { Gid: [gid] });
    assert.ok(info !== undefined, 'no info of the group');
    assert.equal(number(info, 'Gid'), gid);
    text(info, 'Avatar');
    const rows = await this.#list('group/members', { Gid: gid });
    for (const row of rows) {
      number(row, 'Type');
      text(row, 'RemarkName');
    }
    return { name: text(info, 'Name'), members: rows.map((row) => number(row, 'Uid')) };
  }

  /** Newest first. */
  async groupHistory(gid: number, beforeSeq = 0): Promise<readonly Json[]> {
    const rows = await this.#list('msg/group/history', { Gid: gid, BeforeSeq: beforeSeq });
    for (const row of rows) {
      for (const key of ['Mid', 'Sender', 'Gid', 'Type', 'Seq', 'SendAt', 'Status', 'RecallBy'])
        number(row, key);
      text(row, 'Content');
    }
    return rows;
  }

  async startGroupSend(gid: number, content: string): Promise<Readonly<Send>> {
    return this.#startGroup('message.group', { gid, type: 1, content });
  }

  /** Resolves when the SDK is done with it: ack.notify says that the group has it. */
  async sendToGroup(gid: number, content: string): Promise<JavaSendState> {
    const send = await this.startGroupSend(gid, content);
    await waitUntil(`the end of ${content}`, () => !['sending', 'stored'].includes(send.state));
    return send.state;
  }

  async recallInGroup(gid: number, target: number): Promise<Readonly<Send>> {
    const content = `{"ReCallBy":${this.uid},"Mid":${target}}`;
    return this.#startGroup('message.group.recall', { gid, type: 100, content });
  }

  async #startGroup(
    action: string,
    { gid, type, content }: { readonly gid: number; readonly type: number; readonly content: string },
  ): Promise<Readonly<Send>> {
    const mid = number(await this.#object('msg/id'), 'Mid');
    const send: Send = {
      mid,
      state: 'sending',
      timer: setTimeout(() => (send.state = 'timed out'), TIMER_MS),
    };
    this.#sends.set(mid, send);
    const sendAt = Math.floor(Date.now() / 1000);
    this.#say(
      action,
      0,
      `{"Mid":${mid},"Seq":0,"From":${this.uid},"To":${gid},"Type":${type},"Content":${JSON.stringify(content)},"SendAt":${sendAt},"Status":0}`,
    );
    return send;
  }

  /** auth/token, the socket, api.user.auth, and the messages missed meanwhile. */
  async connect(): Promise<void> {
    this.#isDisconnected = false;
    const answer = await this.#object('auth/token', { Token: this.token, Device: DEVICE });
    const servers = answer['Servers'];
    assert.ok(Array.isArray(servers) && typeof servers[0] === 'string', 'Servers must be a list');
    this.#url = servers[0];
    await this.#open();
    await this.#authenticate();
    await this.#syncOffline();
  }

  /** One message, on a timer of 5 s between its states; resolves when the SDK is done with it. */
  async send(to: number, content: string, type = 1): Promise<JavaSendState> {
    const send = await this.startSend(to, content, type);
    await waitUntil(`the end of ${content}`, () => !['sending', 'stored'].includes(send.state));
    return send.state;
  }

  async startSend(to: number, content: string, type = 1): Promise<Readonly<Send>> {
    const mid = number(await this.#object('msg/id'), 'Mid');
    const send: Send = {
      mid,
      state: 'sending',
      timer: setTimeout(() => (send.state = 'timed out'), TIMER_MS),
    };
    this.#sends.set(mid, send);
    const cTime = Math.floor(Date.now() / 1000);
    this.#say(
      'message.chat',
      0,
      `{"Mid":${mid},"CSeq":0,"From":${this.uid},"To":${to},"Type":${type},"Content":${JSON.stringify(content)},"CTime":${cTime},"Status":0}`,
    );
    return send;
  }

  /** IMSession.resendMessage and its retry: the same message under another action, with its timers anew. */
  resend(
    to: number,
    { mid }: Readonly<Send>,
    content: string,
    action = 'message.chat.resend',
  ): Readonly<Send> {
    const send: Send = {
      mid,
      state: 'sending',
      timer: setTimeout(() => (send.state = 'timed out'), TIMER_MS),
    };
    this.#sends.set(mid, send);
    const cTime = Math.floor(Date.now() / 1000);
    this.#say(
      action,
      0,
      `{"Mid":${mid},"CSeq":0,"From":${this.uid},"To":${to},"Type":1,"Content":${JSON.stringify(content)},"CTime":${cTime},"Status":0}`,
    );
    return send;
  }

  /** A recall is a message of type 100 under its own action; the SDK writes `ReCallBy`. */
  async recall(to: number, target: number): Promise<Readonly<Send>> {
    const mid = number(await this.#object('msg/id'), 'Mid');
    const send: Send = {
      mid,
      state: 'sending',
      timer: setTimeout(() => (send.state = 'timed out'), TIMER_MS),
    };
    this.#sends.set(mid, send);
    const content = JSON.stringify(`{"ReCallBy":${this.uid},"Mid":${target}}`);
    this.#say(
      'message.chat.recall',
      0,
      `{"Mid":${mid},"CSeq":0,"From":${this.uid},"To":${to},"Type":100,"Content":${content},"CTime":${Math.floor(Date.now() / 1000)},"Status":0}`,
    );
    return send;
  }

  /** IMAccount.disconnect: no reconnecting after it. */
  disconnect(): void {
    this.#isDisconnected = true;
    this.#stopTimers();
    this.sockets.at(-1)?.close();
  }

  end(): void {
    this.disconnect();
    this.sockets.at(-1)?.cut();
    for (const { timer } of this.#sends.values()) clearTimeout(timer);
  }

  async #open(): Promise<void> {
    const headers = { authorization: `Bearer ${this.token}` };
    const socket: ScriptSocket = await ScriptSocket.connect(
      this.#url,
      headers,
      { heard: (line) => this.#heard(line), closed: () => this.#closed(socket) },
      TIMER_MS,
    );
    this.sockets.push(socket);
    clearInterval(this.#heartbeats);
    this.#heartbeats = setInterval(() => this.#say('heartbeat', 0, '""'), HEARTBEAT_MS);
  }

  async #authenticate(): Promise<void> {
    const seq = ++this.#seq;
    const answered = new Promise<Line>((resolve) => this.#requests.set(seq, resolve));
    this.#say('api.user.auth', seq, `{"Token":"${this.token}","Device":${DEVICE}}`);
    const { frame, text: said } = await deadline(answered, TIMER_MS, () => 'no answer to api.user.auth');
    assert.equal(frame['Action'], 'api.success', said);
    this.uid = number(asObject(frame['Data']), 'Uid');
  }

  async #syncOffline(): Promise<void> {
    await this.beforeSync?.();
    const missed = await this.#list('msg/chat/offline');
    for (const row of missed) this.#show(row, 'SendAt');
    if (missed.length > 0) await this.#post('msg/chat/offline/ack', { Mid: missed.map((row) => row['Mid']) });
  }

  /** Reconnects by itself, with the token that it has, also after it was kicked. */
  #closed(socket: ScriptSocket): void {
    if (socket !== this.sockets.at(-1) || this.#isDisconnected) return;
    clearInterval(this.#heartbeats);
    this.#reconnect();
  }

  #reconnect(): void {
    if (this.#isDisconnected) return;
    this.#reopen().catch((error: unknown) => {
      this.troubles.push(String(error));
      this.#retry = setTimeout(() => this.#reconnect(), RECONNECT_MS);
    });
  }

  /** The socket first, then the token. One that is refused ends in a logout, and the socket stays as it is. */
  async #reopen(): Promise<void> {
    await this.#open();
    try {
      await this.#object('auth/token', { Token: this.token, Device: DEVICE });
    } catch (error) {
      this.troubles.push(`token refused: ${String(error)}`);
      await this.#post('auth/logout');
      return;
    }
    await this.#authenticate();
    await this.#syncOffline();
  }

  #heard({ frame, ...line }: Line): void {
    const { Action: action, Seq: seq, Data: data } = frame;
    // Gson: exact names; without an action the handler throws.
    assert.ok(typeof action === 'string' && typeof seq === 'number', `unreadable: ${line.text}`);
    assert.notEqual(data, undefined, line.text);
    if (action.startsWith('api')) {
      this.#requests.get(seq)?.({ ...line, frame });
      this.#requests.delete(seq);
      return;
    }
    if (action.startsWith('ack.') || action === 'message.failed.send') {
      assert.ok(typeof data === 'object' && data !== null, `an object is needed: ${line.text}`);
    }
    this.#dispatch(action, asObject(data));
  }

  #dispatch(action: string, data: Json): void {
    switch (action) {
      case 'heartbeat':
        // Every one is answered, which is why nobody may answer this SDK's own.
        return this.#say('heartbeat', 0, '""');
      case 'message.chat':
        return this.#received(data);
      case 'message.group':
        return this.#receivedInGroup(data);
      case 'notify.group':
        return this.#noticed(data);
      case 'notify.contact':
        for (const key of ['FromType', 'From']) number(data, key);
        this.contacts.push({
          id: number(data, 'Id'),
          type: number(data, 'Type'),
          from: number(data, 'From'),
        });
        return;
      case 'ack.message':
        return this.#settle(data, 'stored');
      case 'ack.notify':
        return this.#settle(data, 'received');
      case 'message.failed.send':
        return this.#settle(data, 'failed');
      case 'notify.kickout':
        this.kickedCount++;
        return;
      case 'notify.auth':
        this.troubles.push('notify.auth');
        return;
      default:
        return;
    }
  }

  #received(data: Json): void {
    for (const key of ['CSeq', 'To', 'Type', 'Status']) number(data, key);
    this.#show(data, 'CTime');
    if (this.swallowsReceipts) return;
    // Swapped in the SDK: a chat message is confirmed under the group's action.
    this.#say('ack.group.msg', 0, `{"Mid":${number(data, 'Mid')},"From":${number(data, 'From')},"Seq":0}`);
  }

  #receivedInGroup(data: Json): void {
    number(data, 'Status');
    const message = {
      mid: number(data, 'Mid'),
      seq: number(data, 'Seq'),
      from: number(data, 'From'),
      to: number(data, 'To'),
      type: number(data, 'Type'),
      content: text(data, 'Content'),
      sendAt: number(data, 'SendAt'),
    };
    assert.ok(message.sendAt < 1e10, 'seconds');
    if (!this.groupShown.some(({ mid }) => mid === message.mid)) this.groupShown.push(message);
    if (this.swallowsReceipts) return;
    // Swapped again: a group's message is confirmed under the chat's action.
    this.#say('ack.request', 0, `{"Mid":${message.mid},"From":${message.from},"Seq":0}`);
  }

  #noticed(data: Json): void {
    number(data, 'Timestamp');
    const uids = asObject(data['Data'])['Uid'];
    assert.ok(Array.isArray(uids), `a list of uids: ${JSON.stringify(data)}`);
    const uid: unknown = uids[0];
    assert.ok(typeof uid === 'number', `uids are numbers: ${JSON.stringify(data)}`);
    const [mid, gid, seq, type] = ['Mid', 'Gid', 'Seq', 'Type'].map((key) => number(data, key));
    this.notices.push({ mid: mid ?? 0, gid: gid ?? 0, seq: seq ?? 0, type: type ?? 0, uid });
  }

  #show(row: Json, timeKey: 'CTime' | 'SendAt'): void {
    const message = {
      mid: number(row, 'Mid'),
      from: number(row, 'From'),
      to: number(row, 'To'),
      type: number(row, 'Type'),
      content: text(row, 'Content'),
      cTime: number(row, timeKey),
    };
    assert.ok(message.cTime < 1e10, 'seconds');
    if (!this.inbox.has(message.mid)) this.shown.push(message);
    this.inbox.set(message.mid, message);
  }

  #settle(data: Json, state: 'stored' | 'received' | 'failed'): void {
    const send = this.#sends.get(number(data, 'Mid'));
    if (send === undefined || send.state === 'received' || send.state === 'failed') return;
    clearTimeout(send.timer);
    send.state = state;
    if (state === 'stored') send.timer = setTimeout(() => (send.state = 'timed out'), TIMER_MS);
  }

  #say(action: string, seq: number, data: string): void {
    this.sockets.at(-1)?.send(`{"Ver":1,"Action":"${action}","Seq":${seq},"Data":${data},"Origin":null}`);
  }

  #stopTimers(): void {
    clearInterval(this.#heartbeats);
    clearTimeout(this.#retry);
  }

  /** Without a body where the SDK sends none; the token goes along even when empty. */
  async #post(path: string, body?: Json): Promise<unknown> {
    const answer = await fetch(`${this.#http}/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const said = await answer.text();
    assert.equal(answer.status, 200, `${path}: ${answer.status} ${said}`);
    const envelope = asObject(JSON.parse(said));
    assert.equal(envelope['Code'], 100, `${path}: ${said}`);
    assert.ok(envelope['Data'] !== null && envelope['Data'] !== undefined, `${path}: Data is null`);
    return envelope['Data'];
  }

  async #object(path: string, body?: Json): Promise<Json> {
    return asObject(await this.#post(path, body));
  }

  async #list(path: string, body?: Json): Promise<readonly Json[]> {
    const data = await this.#post(path, body);
    assert.ok(Array.isArray(data), `${path}: no list`);
    return data.map(asObject);
  }
}

/** By exact name, as Gson reads it: another casing is a 0 to the SDK, and an error here. */
function number(row: Json, key: string): number {
  const value = row[key];
  assert.equal(typeof value, 'number', `${key} in ${JSON.stringify(row)}`);
  return Number(value);
}

function text(row: Json, key: string): string {
  const value = row[key];
  assert.ok(typeof value === 'string', `${key} in ${JSON.stringify(row)}`);
  return value;
}
