/** What `sailplane chat` is told on the command line. */
import { parseArgs } from 'node:util';
import { toDevice, type Device } from '../../im/message/ids.js';

export const CHAT_USAGE = `Usage: sailplane chat --account NAME [OPTIONS]

  --account NAME    who you are
  --register        make the account first, if there is none of that name
  --to NAME         whom to write to: an account, a user's or a group's number; else the last conversation
  --url URL         the HTTP API (default http://127.0.0.1:8081/api)
  --device NUMBER   device class 0-1023 (default 4); two terminals of one account need two

The password is asked for, or taken from SAILPLANE_PASSWORD: an option would show it to everybody on the machine.
While chatting: a line is a message, //… sends a line that begins with a slash, and
  /to NAME      another person or group    /history      the last 20 again
  /who          whom you know              /recall       take your last line back
  /create NAME  make a group               /join NUMBER  come into one, also by an invite code
  /invite NAME  bring somebody in          /members      who is in it
  /leave        leave it                   /quit         end, without waiting for the server
✓ stored on the server, ✓✓ received, «read» once read, «offline» while nobody is there to receive.
With a pipe as input every line is a message, and the command ends when all of them are stored.`;

export interface ChatOptions {
  readonly account: string;
  readonly register: boolean;
  readonly to: string | undefined;
  readonly url: string;
  readonly device: Device;
}

const DEFAULT_URL = 'http://127.0.0.1:8081/api';
/** Not the class of phones, browsers or guests: the terminal takes nobody's place. */
const DEFAULT_DEVICE = '4';

/** Throws TypeError with a text for the user. */
export function readChatOptions(args: readonly string[]): ChatOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      account: { type: 'string' },
      register: { type: 'boolean', default: false },
      to: { type: 'string' },
      url: { type: 'string', default: DEFAULT_URL },
      device: { type: 'string', default: DEFAULT_DEVICE },
    },
  });
  const device = toDevice(values.device);
  if (values.account === undefined || values.account === '') throw new TypeError('--account is missing');
  if (device === undefined) throw new TypeError('--device must be a number from 0 to 1023');
  if (!URL.canParse(values.url)) throw new TypeError('--url is not a URL');
  const { account, register, to, url } = values;
  return { account, register, to, url, device };
}
