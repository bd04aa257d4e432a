/** The one line on standard output that says where the server listens, and a word to the person who started it. */
import type { Writable } from 'node:stream';
import type { Config } from '../../service/config.js';

export interface Listening {
  readonly config: Config;
  /** The real ports, also where 0 was asked for. */
  readonly httpPort: number;
  readonly wsPort: number;
}

export interface Terminal {
  readonly output: Writable;
  readonly error: Writable & { readonly isTTY?: boolean };
}

export function announceReady(
  listening: Listening,
  { output, error }: Terminal = { output: process.stdout, error: process.stderr },
): void {
  const { config, httpPort, wsPort } = listening;
  const host = reachable(config.host);
  const tls = config.tls.certFile === '' ? '' : 's';
  const http = `http${tls}://${host}:${httpPort}${config.api.prefix}`;
  const ws = `ws${tls}://${host}:${wsPort}${config.gateway.path}`;
  output.write(`ready ${JSON.stringify({ http, ws })}\n`);
  if (error.isTTY === true) error.write(howToChat(http));
}

/** Somebody on this machine can connect to it: «all addresses» is not an address. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

function howToChat(http: string): string {
  const url = http === 'http://127.0.0.1:8081/api' ? '' : ` --url ${http}`;
  return `
Sailplane is serving; Ctrl-C stops it. To chat, open two more terminals in this folder
(--register makes the account; a password is asked for):

  npx sailplane chat --register --account alice --to bob${url}
  npx sailplane chat --register --account bob --to alice${url}

`;
}
