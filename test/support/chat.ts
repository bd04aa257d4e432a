/**
 * A server and the people on it: the one vocabulary of the tests that chat. `person` registers somebody, `phone`
 * connects a device of his through the SDK; everything ends with its test.
 */
import { checkHistory, describeFindings, type History } from './history_checker.js';
import { register, signIn, type Account, type SignedInAccount } from './http.js';
import { Phone, type PhoneOptions } from './phone.js';
import { TestServer, type Scope, type ServerOptions } from './server.js';
import { readStoredLog } from './stored_log.js';

/** Device classes; ours in these tests are told apart by number alone. */
export const DEVICE = { android: 1, web: 2, tablet: 5, desktop: 6 } as const;

export interface Person extends Account {
  readonly name: string;
}

export class Chat {
  readonly server: TestServer;
  readonly #scope: Scope;
  readonly #phones: Phone[] = [];

  private constructor(scope: Scope, server: TestServer) {
    this.#scope = scope;
    this.server = server;
  }

  static async start(scope: Scope, options?: ServerOptions): Promise<Chat> {
    return new Chat(scope, await TestServer.start(scope, options));
  }

  /** Registers somebody; `name` needs not be unique. */
  async person(name: string): Promise<Person> {
    const { http } = this.server.urls;
    const user = await register(http, name);
    const { uid } = await signIn(http, user, DEVICE.tablet);
    return { ...user, uid, name };
  }

  /** Signs in over HTTP, which takes the device from whoever had it. */
  async signIn(person: Person, device: number): Promise<SignedInAccount> {
    return signIn(this.server.urls.http, person, device);
  }

  /** A device of theirs, signed in anew and in sync. */
  async phone(
    person: Person,
    device: number = DEVICE.tablet,
    options: Partial<PhoneOptions> = {},
  ): Promise<Phone> {
    const { token } = await this.signIn(person, device);
    return this.phoneWith(token, { name: `${person.name}/${device}`, ...options }).connect();
  }

  /** A device with this token; not connected yet. */
  phoneWith(token: PhoneOptions['token'], options: Partial<PhoneOptions> & { readonly name: string }): Phone {
    const phone = new Phone({ url: this.server.urls.ws, token, ...options });
    this.#phones.push(phone);
    this.#scope.after(() => phone.close());
    return phone;
  }

  /** What all phones of this chat saw and sent, and what the store holds. */
  async history(): Promise<History> {
    return {
      sends: this.#phones.flatMap((phone) => phone.sent()),
      screens: this.#phones.map((phone) => phone.screen()),
      stored: await readStoredLog(this.server.dataDir),
    };
  }

  /** Throws unless the promise was kept; every phone must have been there from the start and be in sync. */
  async assertNothingWrong(): Promise<void> {
    const findings = checkHistory(await this.history());
    if (findings.length > 0) throw new Error(`${describeFindings(findings)}\n${this.server.log}`);
  }
}
