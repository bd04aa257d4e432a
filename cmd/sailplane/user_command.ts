/** `sailplane user …`: accounts, whether or not a server runs. */
import { toUid } from '../../im/message/ids.js';
import type { AccountName } from '../../im/api/operator.js';
import type { UserAction } from '../../service/admin/admin_request.js';
import { askAdmin } from './admin_link.js';
import { takeOperand, takeOption } from './arguments.js';
import { EXIT, readOptions, writeLine, type Command, type CommandIo } from './command.js';
import { addUser } from './user_add.js';

const USAGE = `Usage: sailplane user add --account NAME [--nickname NAME] [--config FILE] [--data-dir DIR]
       sailplane user ban|unban|show ACCOUNT [--config FILE] [--data-dir DIR]
       sailplane user ban|unban|show --uid NUMBER [--config FILE] [--data-dir DIR]

add: the password is read from SAILPLANE_PASSWORD, or from standard input; a terminal is asked for it. A running
server sees the new account at once.
ban: no sign-in, no message from or to the account; its tokens are worthless and a running server closes its
connections at once. unban: it may sign in again. show: prints it. ACCOUNT is an account or an e-mail address.`;

const ACTIONS: ReadonlyMap<string, UserAction> = new Map([
  ['ban', 'user.ban'],
  ['unban', 'user.unban'],
  ['show', 'user.show'],
]);

export const userCommand: Command = {
  name: 'user',
  summary: 'add, show, ban or unban an account',
  usage: USAGE,
  run: runUser,
};

async function runUser(args: readonly string[], io: CommandIo): Promise<number> {
  const [verb = '', ...rest] = args;
  if (verb === 'add') return addUser(rest, io);
  const action = ACTIONS.get(verb);
  const { operand, rest: options } = takeOperand(rest);
  const uid = takeOption(options, 'uid');
  const name = nameOf(operand, uid.value);
  if (action === undefined || name === undefined) {
    writeLine(io.error, USAGE);
    return EXIT.usage;
  }
  const config = readOptions(uid.rest, io);
  if (config === undefined) return EXIT.usage;
  writeLine(io.output, JSON.stringify(await askAdmin(config, { do: action, name })));
  return EXIT.ok;
}

/** One of the two. */
function nameOf(account: string | undefined, uidText: string | undefined): AccountName | undefined {
  if (account !== undefined && account !== '') return uidText === undefined ? { account } : undefined;
  const uid = toUid(uidText);
  return uid === undefined ? undefined : { uid };
}
