/**
 * Members of a group, each over a bare socket in the words of one kind of client: the Java SDK, the TypeScript SDK, and
 * a client that signs in with `v`. What they hear is read back into one shape.
 */
import { callOk, register, signIn, type SignedInAccount } from './http.js';
import { asObject, LEGACY, RawClient, WEB, type HeardFrame, type Json } from './raw_client.js';
import type { Urls } from './server.js';
import { waitUntil } from './wait.js';

export type PersonKind = 'legacy' | 'web' | 'modern';

const DEVICES: Readonly<Record<PersonKind, number>> = { legacy: 1, web: 2, modern: 5 };

/** An event of a group's log as it was pushed. */
export interface Shown {
  readonly action: string;
  readonly mid: number;
  readonly seq: number;
  readonly from: number;
  readonly to: string;
  readonly type: number;
  readonly content: string;
  readonly status: number;
  readonly data: Json;
}

export interface Sent {
  readonly mid: number;
  readonly seq: number;
  readonly clientId: string;
}

export class Person {
  readonly kind: PersonKind;
  readonly account: SignedInAccount;
  readonly client: RawClient;
  readonly #urls: Urls;
  #count = 0;

  private constructor(kind: PersonKind, urls: Urls, account: SignedInAccount, client: RawClient) {
    this.kind = kind;
    this.#urls = urls;
    this.account = account;
    this.client = client;
  }

  static async enter(urls: Urls, kind: PersonKind): Promise<Person> {
    return Person.connect(urls, kind, await register(urls.http, kind));
  }

  /** Another device of somebody. */
  static async connect(
    urls: Urls,
    kind: PersonKind,
    who: Pick<SignedInAccount, 'account' | 'password'>,
    device: number = DEVICES[kind],
  ): Promise<Person> {
    const account = await signIn(urls.http, who, device);
    const client = await RawClient.connect(urls.ws, kind === 'legacy' ? LEGACY : WEB);
    if (kind === 'modern')
      await client.ask('authenticate', { v: 1, caps: ['interval'], token: account.token });
    else await client.signIn(account.token);
    return new Person(kind, urls, account, client);
  }

  get uid(): number {
    return this.account.uid;
  }

  /** An operation over HTTP, as this user; throws unless it answers Code 100. */
  call(path: string, body: Json): Promise<unknown> {
    return callOk(this.#urls.http, path, body, this.account.token);
  }

  async createGroup(uids: readonly number[] = []): Promise<number> {
    const answer = await this.call('group/create', { Name: 'a group', uid: uids });
    return Number(asObject(answer)['Gid']);
  }

  /** Says it and does not wait; `again`: under the names of an earlier message. */
  async say(to: number | string, content: string, again?: Sent): Promise<Sent> {
    const mid = this.kind !== 'legacy' ? 0 : (again?.mid ?? (await this.newMid()));
    const clientId = again?.clientId ?? crypto.randomUUID();
    const atMs = 1_600_000_000_000;
    const message = { from: this.uid, to: Number(to), content, mid, clientId, atMs };
    if (typeof to === 'number') this.client.chat(message, 'message.group');
    else
      this.client.say('message.group', { cliMid: clientId, to, content, type: 1 }, ++this.#count + 1_000_000);
    return { mid, clientId, seq: 0 };
  }

  /** Says it, and hears that it was stored and then accepted. */
  async send(to: number | string, content: string, again?: Sent): Promise<Sent> {
    const said = await this.say(to, content, again);
    const before = again === undefined ? 0 : 1;
    const ack = await waitUntil(`an ack of ${content}`, () => this.#heardOf('ack.message', said)[before]);
    const { mid, seq } = numbersOf(ack);
    await waitUntil(`${content} to be accepted`, () => this.#heardOf('ack.notify', { ...said, mid })[before]);
    return { mid, seq, clientId: this.kind === 'legacy' ? `m${mid}` : said.clientId };
  }

  /** The refusal of a message that is said to `to`: its code where this kind of client is told one. */
  async refusal(to: number, content: string): Promise<{ readonly text: string; readonly code: number }> {
    const heard = this.client.frames.length;
    await this.say(to, content);
    const frame = await waitUntil(`a refusal of ${content}`, () =>
      this.client.frames
        .slice(heard)
        .find(({ action }) => action === 'message.failed.send' || action === 'notify.error'),
    );
    const { data } = frame;
    if (typeof data === 'string') return { text: data, code: 0 };
    return { text: frame.action, code: Number(asObject(data)['code']) };
  }

  async newMid(): Promise<number> {
    return Number(asObject(await this.call('msg/id', {}))['Mid']);
  }

  /** Takes `sent` back as this kind of client does; resolves with the answer. */
  async recall(gid: number, { mid, clientId }: Sent): Promise<HeardFrame> {
    if (this.kind !== 'legacy') {
      const seq = ++this.#count + 1_000_000;
      const data = { cliMid: clientId, mid, to: String(gid), status: 3 };
      this.client.say('message.group.recall', data, seq);
      return waitUntil('an answer to the recall', () =>
        this.client.frames.find((frame) => frame.seq === seq),
      );
    }
    const own = await this.newMid();
    const content = JSON.stringify({ ReCallBy: this.uid, Mid: mid });
    this.client.say('message.group.recall', { Mid: own, To: gid, Type: 100, Content: content });
    return waitUntil('an answer to the recall', () =>
      this.client.frames.find(
        ({ action, data }) =>
          ['ack.message', 'message.failed.send'].includes(action) && asObject(data)['Mid'] === own,
      ),
    );
  }

  /** What was pushed of that group, in the order in which it came. */
  shown(gid: number): readonly Shown[] {
    return this.client.frames
      .filter(({ action }) => /^(message\.(group|event)|notify\.group)/.test(action))
      .map(shownOf)
      .filter(({ to }) => to === String(gid));
  }

  contents(gid: number): readonly string[] {
    return this.shown(gid)
      .filter(({ action, type }) => action === 'message.group' && type === 1)
      .map(({ content }) => content);
  }

  see(gid: number, what: string, fits: (shown: Shown) => boolean): Promise<Shown> {
    return waitUntil(
      () => `${what} at the ${this.kind} client; it was shown ${JSON.stringify(this.shown(gid))}`,
      () => this.shown(gid).find(fits),
    );
  }

  seeContent(gid: number, content: string): Promise<Shown> {
    return this.see(gid, content, (shown) => shown.content === content);
  }

  async close(): Promise<void> {
    await this.client.close();
  }

  #heardOf(action: string, { mid, clientId }: Sent): readonly HeardFrame[] {
    return this.client.heard(action).filter(({ data }) => {
      const fields = asObject(data);
      return this.kind === 'legacy' ? fields['Mid'] === mid : fields['cliMid'] === clientId;
    });
  }
}

function shownOf({ action, data }: HeardFrame): Shown {
  const fields = asObject(data);
  const field = (camel: string): unknown =>
    fields[camel] ?? fields[camel.charAt(0).toUpperCase() + camel.slice(1)];
  return {
    ...{ action, mid: Number(field('mid')), seq: Number(field('seq')), from: Number(field('from')) },
    ...{ to: String(field('to') ?? field('gid')), type: Number(field('type')), data: fields },
    ...{ content: textOf(field('content')), status: Number(field('status') ?? 0) },
  };
}

function numbersOf({ data }: HeardFrame): { readonly mid: number; readonly seq: number } {
  const fields = asObject(data);
  return { mid: Number(fields['mid'] ?? fields['Mid']), seq: Number(fields['seq'] ?? fields['Seq']) };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
