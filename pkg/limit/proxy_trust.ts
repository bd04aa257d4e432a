/**
 * Who a request is from where proxies stand in front. What a proxy adds to a request is believed only of the
 * configured ones; everybody else may claim what he likes.
 */
import type { IncomingMessage } from 'node:http';
import { BlockList } from 'node:net';
import { canonicalAddress } from './address.js';

export interface ClaimedOrigin {
  /** X-Forwarded-For, -Proto and -Host as they came; a repeated header joined by commas. */
  readonly forwardedFor?: string | undefined;
  readonly forwardedProto?: string | undefined;
  readonly forwardedHost?: string | undefined;
  readonly host?: string | undefined;
}

export interface RequestOrigin {
  /** The client's, in its canonical spelling; '' where the socket is gone already. */
  readonly address: string;
  /** Host name and port that the client used; '' where it said none that can be one. */
  readonly host: string;
  /** How the client reached the outermost proxy; undefined where no trusted proxy says. */
  readonly proto: 'http' | 'https' | undefined;
}

/** The host that the client used, with the scheme in front where a trusted proxy says it; '' for none. */
export function placeOf({ host, proto }: RequestOrigin): string {
  return host === '' || proto === undefined ? host : `${proto}://${host}`;
}

/** Host names and addresses; anything else in a Host header is not repeated to anybody. */
const HOST = /^(?:\[[0-9a-f:.]{2,45}\]|[a-z0-9_.-]{1,253})(?::[0-9]{1,5})?$/i;
/** Longer chains are a client's make-believe: what is left of them is not looked at. */
const HOP_LIMIT = 32;

export class ProxyTrust {
  readonly #trusted = new BlockList();
  readonly #isEmpty: boolean;

  /** Addresses and networks (`10.0.0.0/8`, `fd00::/8`), checked with `badNetwork` before. */
  constructor(networks: readonly string[]) {
    this.#isEmpty = networks.length === 0;
    for (const network of networks) this.#add(network);
  }

  ofRequest({ socket, headers }: IncomingMessage): RequestOrigin {
    return this.originOf(socket.remoteAddress ?? '', {
      forwardedFor: joined(headers['x-forwarded-for']),
      forwardedProto: joined(headers['x-forwarded-proto']),
      forwardedHost: joined(headers['x-forwarded-host']),
      host: headers.host,
    });
  }

  /** `address`: canonical. */
  trusts(address: string): boolean {
    return !this.#isEmpty && this.#isTrusted(address);
  }

  originOf(peer: string, claimed: ClaimedOrigin): RequestOrigin {
    const address = canonicalAddress(peer) ?? '';
    const host = hostOf(claimed.host);
    if (!this.trusts(address)) return { address, host, proto: undefined };
    // The nearest proxy's word; one further out may be the client's invention.
    const proto = lastOf(claimed.forwardedProto)?.toLowerCase();
    return {
      address: this.#clientOf(address, claimed.forwardedFor),
      host: hostOf(lastOf(claimed.forwardedHost)) || host,
      proto: proto === 'http' || proto === 'https' ? proto : undefined,
    };
  }

  /** From right to left, as far as those who wrote it are trusted: the first who is not is the client. */
  #clientOf(peer: string, forwardedFor: string | undefined): string {
    let client = peer;
    const hops = (forwardedFor ?? '').split(',').slice(-HOP_LIMIT).reverse();
    for (const hop of hops) {
      const address = canonicalAddress(withoutPort(hop.trim()));
      // A trusted proxy that names nobody: the client is whoever spoke to the last one that named somebody.
      if (address === undefined) return client;
      client = address;
      if (!this.#isTrusted(address)) return client;
    }
    return client;
  }

  #isTrusted(address: string): boolean {
    if (address === '') return false;
    return this.#trusted.check(address, address.includes(':') ? 'ipv6' : 'ipv4');
  }

  #add(network: string): void {
    const parsed = parseNetwork(network);
    if (parsed === undefined) throw new TypeError(`${network} is no address or network`);
    this.#trusted.addSubnet(parsed.address, parsed.bits, parsed.family);
  }
}

/** The first entry that is neither an address nor a network; undefined where all are. */
export function badNetwork(networks: readonly string[]): string | undefined {
  return networks.find((network) => parseNetwork(network) === undefined);
}

function parseNetwork(
  text: string,
): { readonly address: string; readonly bits: number; readonly family: 'ipv4' | 'ipv6' } | undefined {
  const [spelling = '', bitsText, more] = text.split('/');
  const address = canonicalAddress(spelling);
  if (address === undefined || more !== undefined) return undefined;
  const family = address.includes(':') ? 'ipv6' : 'ipv4';
  const most = family === 'ipv6' ? 128 : 32;
  if (bitsText === undefined) return { address, bits: most, family };
  // A network of IPv4 addresses inside IPv6 counts its bits from the IPv6 end.
  const offset = family === 'ipv4' && spelling.includes(':') ? 96 : 0;
  const bits = /^\d{1,3}$/.test(bitsText) ? Number(bitsText) - offset : -1;
  return bits >= 0 && bits <= most ? { address, bits, family } : undefined;
}

/** Some proxies write `1.2.3.4:567` and `[::1]:567`. */
function withoutPort(hop: string): string {
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(hop);
  if (bracketed !== null) return bracketed[1] ?? '';
  return /^[\d.]+:\d+$/.test(hop) ? (hop.split(':', 1)[0] ?? '') : hop;
}

function joined(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join() : header;
}

function lastOf(list: string | undefined): string | undefined {
  return list?.split(',').at(-1)?.trim();
}

function hostOf(text: string | undefined): string {
  return text !== undefined && HOST.test(text) ? text : '';
}
