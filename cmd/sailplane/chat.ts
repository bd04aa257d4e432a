/** The terminal chat: signs in over HTTP, then talks through the sdk (chat_session.ts). */
import { WebSocket } from 'ws';
import { isError } from '../../im/errors.js';
import { SailplaneClient } from '../../sdk/src/client.js';
import { HttpApi, type SignInResult } from '../../sdk/src/http_api.js';
import { ChatSession } from './chat_session.js';
import { CHAT_USAGE, readChatOptions, type ChatOptions } from './chat_options.js';
import { EXIT, writeLine, type CommandIo } from './command.js';
import { readPassword } from './password_prompt.js';

/** Resolves with the exit code: 1 where signing in or a message failed, 2 for arguments that make no sense. */
export async function runChat(args: readonly string[], io: CommandIo): Promise<number> {
  let options: ChatOptions;
  try {
    options = readChatOptions(args);
  } catch (error) {
    writeLine(io.error, `sailplane chat: ${textOf(error)}\n\n${CHAT_USAGE}`);
    return EXIT.usage;
  }
  try {
    const signedIn = await signIn(options, io);
    const client = makeClient(signedIn);
    const session = new ChatSession(client, { io, to: options.to });
    return (await session.run()) ? EXIT.ok : EXIT.failure;
  } catch (error) {
    writeLine(io.error, `sailplane chat: ${textOf(error)}`);
    return EXIT.failure;
  }
}

async function signIn(options: ChatOptions, io: CommandIo): Promise<SignInResult> {
  const { account, device } = options;
  const api = new HttpApi({ url: options.url });
  const password = await passwordOf(options, io);
  if (options.register) {
    try {
      await api.register({ account, password, nickname: account });
    } catch (error) {
      // Then the password shows whose it is.
      if (!isError(error, 'ACCOUNT_EXISTS')) throw error;
    }
  }
  return api.signIn({ account, password, device });
}

async function passwordOf({ account }: ChatOptions, io: CommandIo): Promise<string> {
  const isAsking = io.input.isTTY === true;
  // The lines of a pipe are messages: none of them is taken for a password.
  if (!isAsking && (io.environment['SAILPLANE_PASSWORD'] ?? '') === '') {
    throw new TypeError('no password: set SAILPLANE_PASSWORD where the input is no terminal');
  }
  return readPassword(io, `password of ${account}: `);
}

function makeClient({ token, servers }: SignInResult): SailplaneClient {
  const [url] = servers;
  if (url === undefined) throw new TypeError('the server names no address to connect to');
  return new SailplaneClient({ url, token, webSocket: (address) => new WebSocket(address) });
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
