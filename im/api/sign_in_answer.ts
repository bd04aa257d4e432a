/**
 * What every kind of sign-in answers, in the casings of all clients, and where they shall connect. What only
 * a connection is told (limits, heartbeat …) is in authenticator.ts.
 */
import { list, type OptionsOf } from '../../pkg/config/option.js';
import type { Grant } from './sign_in.js';

export const SERVERS_OPTIONS = {
  publicWsUrls: list(
    [],
    'The WebSocket addresses that clients are told at sign-in, best first. Empty: the host that the ' +
      'request named, with the port and path in use, or behind a trusted proxy that says how it was reached, with ' +
      'the scheme and port that it says.',
  ),
};
export type ServersOptions = OptionsOf<typeof SERVERS_OPTIONS> & {
  /** Of the WebSocket listener: `/ws`. */
  readonly path: string;
  /** The WebSocket listener speaks TLS. */
  readonly isSecure: boolean;
};

export interface ServersDeps {
  /** The port that the WebSocket listener really has; asked at each sign-in. */
  readonly wsPort: () => number;
}

export type SignInAnswerer = (grant: Grant, host: string) => Readonly<Record<string, unknown>>;

/** Host names and addresses; anything else in a Host header goes into no URL. */
const HOST = /^(\[[0-9a-f:.]{2,45}\]|[a-z0-9_.-]{1,253})(?::[0-9]{1,5})?$/i;
/** As a trusted proxy says it (CallContext). */
const PROXIED = /^http(s?):\/\/(.+)$/;

export function signInAnswerer(options: ServersOptions, deps: ServersDeps): SignInAnswerer {
  return ({ user, token }, host) => {
    const { uid, nickname, avatar, email } = user;
    const { device } = token.claims;
    const servers = serversFor(host, options, deps);
    return {
      Token: token.text,
      token: token.text,
      Uid: uid,
      uid,
      Servers: servers,
      servers,
      credential: { version: 1, credential: token.text },
      Nickname: nickname,
      nick_name: nickname,
      Avatar: avatar,
      avatar,
      email,
      Device: device,
      device,
      expiresAt: token.claims.expiresAtMs,
    };
  };
}

function serversFor(host: string, options: ServersOptions, deps: ServersDeps): readonly string[] {
  if (options.publicWsUrls.length > 0) return options.publicWsUrls;
  const proxied = PROXIED.exec(host);
  if (proxied !== null) {
    const [, tls, place = ''] = proxied;
    if (HOST.test(place)) return [`${tls === 's' ? 'wss' : 'ws'}://${place}${options.path}`];
  }
  const name = HOST.exec(host)?.[1] ?? 'localhost';
  return [`${options.isSecure ? 'wss' : 'ws'}://${name}:${deps.wsPort()}${options.path}`];
}
