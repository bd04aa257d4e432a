/** `sailplane user add`: an account without HTTP, also while a server has the data folder. */
import { mkdirSync } from 'node:fs';
import { PinoLogger } from '../../pkg/log/pino_logger.js';
import { isWiderThan } from '../../im/api/fields.js';
import { Argon2Hasher } from '../../service/api/argon2_hasher.js';
import type { Config } from '../../service/config.js';
import { openSqliteStores } from '../../service/store/sqlite_stores.js';
import { databasePath } from '../singleton/data_folder.js';
import { takeOption } from './arguments.js';
import { EXIT, readOptions, writeLine, type CommandIo } from './command.js';
import { readPassword } from './password_prompt.js';

/** As auth/register has it. */
const ACCOUNT_LENGTH = 254;
const NICKNAME_LENGTH = 64;
const PASSWORD_LENGTH = 256;

interface NewAccount {
  readonly account: string;
  readonly nickname: string;
  readonly password: string;
}

/** Gives the exit code. */
export async function addUser(args: readonly string[], io: CommandIo): Promise<number> {
  const account = takeOption(args, 'account');
  const nickname = takeOption(account.rest, 'nickname');
  const config = readOptions(nickname.rest, io);
  if (config === undefined) return EXIT.usage;
  const name = account.value ?? '';
  const shownName = nickname.value ?? Array.from(name).slice(0, NICKNAME_LENGTH).join('');
  const problem = problemOf(name, shownName);
  if (problem !== undefined) return refuse(io, problem, EXIT.usage);
  const password = await readPassword(io, `Password for ${name}: `);
  if (password.length < config.api.passwordMinLength || password.length > PASSWORD_LENGTH) {
    return refuse(
      io,
      `a password has ${config.api.passwordMinLength} to ${PASSWORD_LENGTH} characters`,
      EXIT.usage,
    );
  }
  return add(config, { account: name, nickname: shownName, password }, io);
}

function problemOf(account: string, nickname: string): string | undefined {
  if (account === '') return '--account NAME is needed';
  if (isWiderThan(account, ACCOUNT_LENGTH)) return `an account has at most ${ACCOUNT_LENGTH} characters`;
  return isWiderThan(nickname, NICKNAME_LENGTH)
    ? `a nickname has at most ${NICKNAME_LENGTH} characters`
    : undefined;
}

async function add(
  config: Config,
  { account, nickname, password }: NewAccount,
  io: CommandIo,
): Promise<number> {
  const passwordHash = await new Argon2Hasher(config.api).hash(password);
  mkdirSync(config.dataDir, { recursive: true, mode: 0o700 });
  const logger = new PinoLogger({ level: 'error' });
  const stores = await openSqliteStores({ ...config.store, path: databasePath(config) }, { logger });
  try {
    const [user] = await stores.users.create([{ account, nickname, avatar: '', email: '', passwordHash }]);
    if (user === undefined) return refuse(io, `the account ${account} exists already`, EXIT.failure);
    writeLine(io.output, `added ${account} as uid ${user.uid}`);
    return EXIT.ok;
  } finally {
    await stores.close();
  }
}

function refuse(io: CommandIo, problem: string, code: number): number {
  writeLine(io.error, `sailplane: ${problem}`);
  return code;
}
