/** Who is who for the terminal chat: names to the numbers of people and groups and back, asked of the server once. */
import { toGid, toPeer, toUid } from '../../im/message/ids.js';
import { Field, isJsonObject } from '../../im/message/json_fields.js';

/** Whom one writes to. */
export interface Person {
  /** Of a group: its gid. */
  readonly uid: number;
  readonly name: string;
}

type Call = (operation: string, data: unknown) => Promise<unknown>;

const F = {
  id: new Field('id'),
  uid: new Field('uid'),
  gid: new Field('gid'),
  nickname: new Field('nickname'),
  name: new Field('name'),
};

export class ChatPeople {
  readonly #call: Call;
  /** As many as the user has contacts and has heard from. */
  readonly #names = new Map<number, string>();

  constructor(call: Call) {
    this.#call = call;
  }

  /** Reads the contacts. */
  async load(): Promise<readonly Person[]> {
    const contacts = readPeople(await this.#call('contacts/list', {}));
    for (const { uid, name } of contacts) if (!this.#names.has(uid)) this.#names.set(uid, name);
    return contacts;
  }

  know(uid: number, name: string): void {
    this.#names.set(uid, name);
  }

  /** The number itself where nothing better is known. */
  nameOf(uid: number): string {
    return this.#names.get(uid) ?? String(uid);
  }

  /** Asks for the names of those who are not known yet. A failure only leaves them numbers. */
  async learn(uids: readonly number[]): Promise<void> {
    const unknown = uids.filter((uid) => !this.#names.has(uid));
    const [groups, people] = [
      unknown.filter((one) => toGid(one) !== undefined),
      unknown.filter((one) => toUid(one) !== undefined),
    ];
    await this.#ask('user/info', { uid: people }, people.length);
    await this.#ask('group/info', { gid: groups }, groups.length);
  }

  async #ask(operation: string, data: unknown, count: number): Promise<void> {
    if (count === 0) return;
    try {
      for (const { uid, name } of readPeople(await this.#call(operation, data))) this.#names.set(uid, name);
    } catch {
      // Numbers will do; the next message asks again.
    }
  }

  /** An account, or the number of a person or a group. Rejects with the server's CodedError where there is nobody of that name. */
  async find(text: string): Promise<Person> {
    const byNumber = toPeer(text);
    if (byNumber !== undefined) {
      await this.learn([byNumber]);
      return { uid: byNumber, name: this.nameOf(byNumber) };
    }
    const found = await this.#call('user/find', { account: text });
    const uid = isJsonObject(found) ? toUid(F.uid.read(found)) : undefined;
    if (uid === undefined) throw new TypeError(`no answer about ${text}`);
    this.#names.set(uid, text);
    return { uid, name: text };
  }
}

function readPeople(data: unknown): readonly Person[] {
  const rows: readonly unknown[] = Array.isArray(data) ? data : [];
  return rows.flatMap((row) => {
    if (!isJsonObject(row)) return [];
    const uid = toPeer(F.uid.read(row) ?? F.gid.read(row) ?? F.id.read(row));
    const name = F.nickname.read(row) ?? F.name.read(row);
    if (uid === undefined) return [];
    return [{ uid, name: typeof name === 'string' && name !== '' ? name : String(uid) }];
  });
}
