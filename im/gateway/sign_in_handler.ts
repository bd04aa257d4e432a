/**
 * Signing in on a connection: checks the token, reads the user's groups, gives the device to this connection and
 * takes it from its rival. Device, places in groups and the answer come in one turn: nothing is pushed before the
 * answer, and nothing that comes after it is missed.
 * While it runs the connection's other frames are held back (inbound.ts).
 */
import type { Logger } from '../../pkg/log/logger.js';
import { imError, toCodedError, type CloseName } from '../errors.js';
import { ACTIONS } from '../message/actions.js';
import { errorInfo, errorInfoOf } from '../message/error_info.js';
import type { AuthUp, DownFrame, ErrorInfo } from '../message/message.js';
import type { Client } from './client.js';
import type { ClientDirectory } from './client_directory.js';
import type { GroupIndex } from './groups/group_index.js';
import type { Joining, UserGroups } from './groups/sign_in_groups.js';
import type { Authenticator, SignedIn } from './interface.js';

export interface SignInDeps {
  readonly authenticator: Authenticator;
  readonly directory: ClientDirectory;
  readonly groups: Pick<GroupIndex, 'begin' | 'read' | 'enter' | 'end'>;
  readonly logger: Logger;
  readonly send: (client: Client, frame: DownFrame) => void;
  readonly close: (client: Client, reason: CloseName) => void;
  readonly resume: (client: Client) => void;
  /** It has its device, and its answer is queued. */
  readonly signedIn: (client: Client) => void;
  readonly agreeHeartbeat: (client: Client, heartbeatMs: number) => void;
}

interface Read {
  readonly joining: Joining;
  readonly groups: UserGroups;
}

const KICK_TEXT = 'your account signed in on another device of this kind';

export class SignInHandler {
  readonly #deps: SignInDeps;
  /** In a cluster it is the dispatch node that counts; here there is one gateway. */
  #lastNumber = 0;

  constructor(deps: SignInDeps) {
    this.#deps = deps;
  }

  handle(client: Client, frame: AuthUp): void {
    if (client.uid !== undefined && frame.action === ACTIONS.apiUserLogin) {
      // A password sign-in issues a token, which would throw out the very connection that asked for it.
      return this.#refuse(client, frame, errorInfo('ALREADY_SIGNED_IN'));
    }
    client.isSigningIn = true;
    client.signInNumber = ++this.#lastNumber;
    if (frame.protocol > 0 && client.profile === 'web') client.isModern = true;
    void this.#run(client, frame);
  }

  /** Tells a client that it has lost its device or its token, then closes it. */
  expel(client: Client, reason: CloseName): void {
    if (client.closing !== undefined || client.isClosed) return;
    if (reason === 'KICKED')
      this.#deps.send(client, { kind: 'kickout', device: client.device, text: KICK_TEXT });
    this.#deps.close(client, reason);
  }

  /** Never rejects. */
  async #run(client: Client, frame: AuthUp): Promise<void> {
    try {
      const signedIn = await this.#deps.authenticator.signIn(frame, client.connection);
      await this.#enter(client, frame, signedIn);
    } catch (error) {
      client.isSigningIn = false;
      const coded = toCodedError(error);
      if (coded !== error) this.#deps.logger.error({ err: coded.cause }, 'sign-in failed');
      this.#refuse(client, frame, errorInfoOf(coded));
    }
    this.#deps.resume(client);
  }

  async #enter(client: Client, frame: AuthUp, signedIn: SignedIn): Promise<void> {
    const index = this.#deps.groups;
    const joining = index.begin(signedIn.uid);
    try {
      await index.read(joining, (groups) => {
        client.isSigningIn = false;
        if (client.isClosed || client.closing !== undefined) return;
        this.#bind(client, frame, signedIn, { joining, groups });
      });
    } finally {
      index.end(joining);
    }
  }

  #bind(client: Client, frame: AuthUp, signedIn: SignedIn, { joining, groups }: Read): void {
    if (client.uid !== undefined && (client.uid !== signedIn.uid || client.device !== signedIn.device)) {
      return this.#refuse(client, frame, errorInfo('ALREADY_SIGNED_IN'));
    }
    const result = this.#deps.directory.bind(client, signedIn, performance.now());
    if (!result.bound) {
      if (result.reason === 'KICKED') throw imError('UNAUTHENTICATED');
      return this.expel(client, 'REPLACED');
    }
    client.connection.signedIn();
    this.#deps.agreeHeartbeat(client, signedIn.heartbeatMs);
    if (result.rival !== undefined) this.expel(result.rival, result.reason);
    this.#deps.groups.enter(client, joining, groups);
    const action = frame.action === ACTIONS.authenticate ? ACTIONS.notifySuccess : ACTIONS.apiSuccess;
    this.#deps.send(client, { kind: 'success', action, echo: frame.echo, data: signedIn.answer });
    this.#deps.signedIn(client);
    for (const other of this.#deps.directory.clientsOf(signedIn.uid)) {
      if (other !== client) this.#deps.send(other, { kind: 'login', device: signedIn.device });
    }
  }

  #refuse(client: Client, frame: AuthUp, error: ErrorInfo): void {
    const { action, echo } = frame;
    this.#deps.send(
      client,
      action === ACTIONS.authenticate
        ? { kind: 'error', echo, error }
        : { kind: 'apiError', action: ACTIONS.apiFailed, echo, error },
    );
  }
}
