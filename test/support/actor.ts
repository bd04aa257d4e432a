/**
 * Somebody who chats by one of the three kinds of client, each checked against its own wire: the two public SDKs
 * as raw frames, ours through sdk/. For the tests that pair them; see chat.ts for everything else.
 */
import assert from 'node:assert/strict';
import type { Outgoing } from '../../sdk/src/types.js';
import { callOk, register, signIn, type SignedInAccount } from './http.js';
import { Phone } from './phone.js';
import { asObject, LEGACY, RawClient, WEB, type HeardFrame, type Json } from './raw_client.js';
import type { Urls } from './server.js';

export type ActorKind = 'legacy' | 'web' | 'sdk';

export interface Accepted {
  readonly mid: number;
  readonly seq: number;
}

/** What came over the wire, in our own words. */
export interface Received extends Accepted {
  readonly from: number;
  readonly to: number;
  readonly content: string;
  readonly type: number;
  readonly sentAtMs: number;
  readonly clientId: string;
}

export interface Actor {
  readonly kind: ActorKind;
  readonly uid: number;
  /** Sends and waits for the acknowledgement. */
  send(to: number, content: string, atMs: number): Promise<Accepted>;
  /** Waits for the message with this content, checks its form, and confirms it as this kind of client does. */
  receive(content: string): Promise<Received>;
  /** Waits until this client knows that its message was received by the peer. */
  learnReceived(message: Accepted, by: number): Promise<void>;
  /** The same for «the peer is not connected». */
  learnOffline(message: Accepted, peer: number): Promise<void>;
  close(): Promise<void>;
}

const LEGACY_DEVICE = 1;
const WEB_DEVICE = 2;
const SDK_DEVICE = 5;

/** The Java SDK: numbers, seconds, PascalCase, a mid from `msg/id` for every message. */
export class LegacyActor implements Actor {
  readonly kind = 'legacy';
  readonly account: SignedInAccount;
  readonly client: RawClient;
  readonly #urls: Urls;

  private constructor(urls: Urls, account: SignedInAccount, client: RawClient) {
    this.#urls = urls;
    this.account = account;
    this.client = client;
  }

  static async enter(urls: Urls, name: string): Promise<LegacyActor> {
    const account = await signIn(urls.http, await register(urls.http, name), LEGACY_DEVICE);
    return LegacyActor.connect(urls, account);
  }

  static async connect(urls: Urls, account: SignedInAccount): Promise<LegacyActor> {
    const client = await RawClient.connect(urls.ws, LEGACY);
    const { data } = await client.signIn(account.token);
    assert.equal(asObject(data)['Uid'], account.uid, 'the sign-in answer names the uid in PascalCase');
    assert.ok(Array.isArray(asObject(data)['Servers']), 'Servers is a list');
    return new LegacyActor(urls, account, client);
  }

  get uid(): number {
    return this.account.uid;
  }

  async send(to: number, content: string, atMs: number): Promise<Accepted> {
    const mid = Number(asObject(await callOk(this.#urls.http, 'msg/id', {}, this.account.token))['Mid']);
    this.client.chat({ from: this.uid, to, content, mid, clientId: '', atMs });
    const ack = await this.client.expect('ack.message', (data) => data['Mid'] === mid);
    const data = asObject(ack.data);
    assert.equal(typeof data['Seq'], 'number');
    return { mid, seq: Number(data['Seq']) };
  }

  async receive(content: string): Promise<Received> {
    const frame = await this.client.expect('message.chat', (data) => data['Content'] === content);
    assertKeys(frame, ['Ver', 'Seq', 'Action', 'Data'], 'envelope');
    const data = asObject(frame.data);
    for (const key of ['Mid', 'CSeq', 'From', 'To', 'Type', 'CTime', 'Status']) {
      assert.equal(typeof data[key], 'number', `${key} is a number in ${frame.text}`);
    }
    const { Mid, CSeq, From, To, Type, CTime } = data;
    assert.ok(Number(CTime) < 1e10, `CTime is in seconds in ${frame.text}`);
    this.client.receipt(Number(Mid), Number(From));
    return {
      mid: Number(Mid),
      seq: Number(CSeq),
      from: Number(From),
      to: Number(To),
      type: Number(Type),
      content,
      sentAtMs: Number(CTime) * 1000,
      clientId: '',
    };
  }

  async learnReceived({ mid }: Accepted, by: number): Promise<void> {
    const frame = await this.client.expect('ack.notify', (data) => data['Mid'] === mid);
    const data = asObject(frame.data);
    assert.equal(typeof data['Seq'], 'number', frame.text);
    assert.equal(data['From'], by, frame.text);
  }

  learnOffline(message: Accepted, peer: number): Promise<void> {
    // This client has one word for both: it ends its timer.
    return this.learnReceived(message, peer);
  }

  async close(): Promise<void> {
    await this.client.close();
  }
}

/** The TypeScript SDK: ids of people as strings, mids as numbers, milliseconds, camelCase, a cliMid and a ticket. */
export class WebActor implements Actor {
  readonly kind = 'web';
  readonly account: SignedInAccount;
  readonly client: RawClient;
  readonly #urls: Urls;
  readonly #tickets = new Map<number, string>();

  private constructor(urls: Urls, account: SignedInAccount, client: RawClient) {
    this.#urls = urls;
    this.account = account;
    this.client = client;
  }

  static async enter(urls: Urls, name: string): Promise<WebActor> {
    const account = await signIn(urls.http, await register(urls.http, name), WEB_DEVICE);
    return WebActor.connect(urls, account);
  }

  static async connect(urls: Urls, account: SignedInAccount): Promise<WebActor> {
    const client = await RawClient.connect(urls.ws, WEB);
    await client.signIn(account.token);
    return new WebActor(urls, account, client);
  }

  get uid(): number {
    return this.account.uid;
  }

  async send(to: number, content: string, atMs: number): Promise<Accepted> {
    const clientId = crypto.randomUUID().replaceAll('-', '').toUpperCase();
    const ticket = await this.#ticket(to);
    this.client.chat({ from: this.uid, to, content, mid: 0, clientId, atMs, ticket });
    const ack = await this.client.expect('ack.message', (data) => data['cliMid'] === clientId);
    const { mid, seq } = asObject(ack.data);
    assert.equal(typeof mid, 'number', ack.text);
    return { mid: Number(mid), seq: Number(seq) };
  }

  async receive(content: string): Promise<Received> {
    const frame = await this.client.expect('message.chat', (data) => data['content'] === content);
    assertKeys(frame, ['seq', 'action', 'data'], 'envelope');
    const data = asObject(frame.data);
    for (const key of ['mid', 'seq', 'type', 'sendAt', 'status']) {
      assert.equal(typeof data[key], 'number', `${key} is a number in ${frame.text}`);
    }
    const { cliMid, from, to, mid, seq, type, sendAt } = data;
    assert.ok(typeof from === 'string' && typeof to === 'string', `people are strings in ${frame.text}`);
    assert.ok(typeof cliMid === 'string' && cliMid !== '', `a cliMid is never empty: ${frame.text}`);
    assert.ok(Number(sendAt) > 1e10, `sendAt is in milliseconds in ${frame.text}`);
    this.client.receipt(Number(mid), Number(from));
    return {
      mid: Number(mid),
      seq: Number(seq),
      from: Number(from),
      to: Number(to),
      type: Number(type),
      content,
      sentAtMs: Number(sendAt),
      clientId: cliMid,
    };
  }

  async learnReceived({ mid }: Accepted, by: number): Promise<void> {
    await this.#learn(mid, by, 'received');
  }

  async learnOffline({ mid }: Accepted, peer: number): Promise<void> {
    await this.#learn(mid, peer, 'offline');
  }

  async close(): Promise<void> {
    await this.client.close();
  }

  async #learn(mid: number, by: number, state: string): Promise<void> {
    const fits = (data: Json): boolean => data['mid'] === mid && data['state'] === state;
    const frame = await this.client.expect('ack.notify', fits);
    assert.equal(asObject(frame.data)['from'], String(by), frame.text);
  }

  /** This SDK asks for one before the first message to somebody, and cannot send without. */
  async #ticket(to: number): Promise<string> {
    const known = this.#tickets.get(to);
    if (known !== undefined) return known;
    const data = await callOk(this.#urls.http, 'session/ticket', { To: String(to) }, this.account.token);
    const { Ticket: ticket } = asObject(data);
    assert.ok(typeof ticket === 'string' && ticket !== '', JSON.stringify(data));
    this.#tickets.set(to, ticket);
    return ticket;
  }
}

/** Ours, through the SDK. */
export class SdkActor implements Actor {
  readonly kind = 'sdk';
  readonly phone: Phone;

  private constructor(phone: Phone) {
    this.phone = phone;
  }

  static async enter(urls: Urls, name: string): Promise<SdkActor> {
    const { token } = await signIn(urls.http, await register(urls.http, name), SDK_DEVICE);
    return new SdkActor(await new Phone({ name, url: urls.ws, token }).connect());
  }

  get uid(): number {
    return this.phone.uid;
  }

  async send(to: number, content: string): Promise<Accepted> {
    const { mid, seq, error } = await this.phone.sendAndWait(to, content);
    assert.equal(error, undefined);
    return { mid, seq };
  }

  async receive(content: string): Promise<Received> {
    return this.phone.expectMessage(content);
  }

  async learnReceived({ mid }: Accepted, by: number): Promise<void> {
    const send = this.#sendOf(mid);
    await this.phone.expectState(send, 'received');
    assert.ok(this.phone.receipts.some((receipt) => receipt.by === by && receipt.conv === send.conv));
  }

  async learnOffline({ mid }: Accepted): Promise<void> {
    await this.phone.expectState(this.#sendOf(mid), 'offline');
  }

  async close(): Promise<void> {
    await this.phone.close();
  }

  #sendOf(mid: number): Outgoing {
    const sent = this.phone.sent().find((send) => send.mid === mid);
    const send = sent === undefined ? undefined : this.phone.client.outgoing(sent.clientId);
    assert.ok(send !== undefined, `no send has mid ${mid}`);
    return send;
  }
}

/** The keys must be there in just this casing; others are nobody's business. */
function assertKeys(frame: HeardFrame, keys: readonly string[], what: string): void {
  const present = asObject(JSON.parse(frame.text));
  for (const key of keys) assert.ok(Object.hasOwn(present, key), `the ${what} has no ${key}: ${frame.text}`);
}
