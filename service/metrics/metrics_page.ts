/**
 * Who may see the metrics: they say how many people chat and when. With a token, whoever shows it; without one,
 * this machine only, and no request that a proxy passed on, which comes from this machine too: it says so in a header,
 * or was asked for by another name than this machine's.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { flag, secret, type OptionsOf } from '../../pkg/config/option.js';
import type { Metrics } from './metrics.js';

export const METRICS_OPTIONS = {
  enabled: flag(true, 'GET /metrics on the HTTP port, for Prometheus. It answers whoever may see it only.'),
  token: secret(
    'What Prometheus shows as its bearer token, from anywhere. Without one /metrics answers this machine only, ' +
      'under a name of the loopback, and nothing that came through a proxy.',
  ),
} as const;

export type MetricsPageOptions = OptionsOf<typeof METRICS_OPTIONS>;

export interface PageRequest {
  readonly remoteAddress: string;
  readonly headers: IncomingHttpHeaders;
}

export interface Page {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** Any of them: somebody stands between. */
const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'] as const;

/** What somebody on this machine calls it; a proxy that adds no header passes on the name that its clients use. */
const LOOPBACK_HOST = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i;

export class MetricsPage {
  readonly #options: MetricsPageOptions;
  readonly #metrics: Metrics;

  constructor(options: MetricsPageOptions, metrics: Metrics) {
    this.#options = options;
    this.#metrics = metrics;
  }

  /** Undefined where it is switched off: then there is no such route. */
  async answer(request: PageRequest): Promise<Page | undefined> {
    if (!this.#options.enabled) return undefined;
    if (!this.#maySee(request)) return { status: 403, contentType: 'text/plain', body: 'not for you\n' };
    return { status: 200, contentType: this.#metrics.contentType, body: await this.#metrics.text() };
  }

  #maySee({ remoteAddress, headers }: PageRequest): boolean {
    const { token } = this.#options;
    if (token === '')
      return (
        isLoopback(remoteAddress) &&
        LOOPBACK_HOST.test(headers.host ?? '') &&
        FORWARDED.every((name) => headers[name] === undefined)
      );
    const shown = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1] ?? '';
    return timingSafeEqual(digest(shown), digest(token));
  }
}

/** Of one length, whatever was shown. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function isLoopback(address: string): boolean {
  return address === '::1' || /^(?:::ffff:)?127(?:\.\d{1,3}){3}$/.test(address);
}
