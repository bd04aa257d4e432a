/**
 * The certificate of all listeners, from two files that may be replaced while the server runs: looked at every so
 * often and on SIGHUP. One that cannot be used is logged, and the one in use stays.
 */
import { X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { integer, text, type OptionsOf } from '../config/option.js';
import type { Logger } from '../log/logger.js';

export const TLS_OPTIONS = {
  certFile: text(
    '',
    "PEM file with the certificate and those that it hangs on, the server's first. With it the WebSocket and the " +
      'HTTP listener speak TLS (1.2 or later) and nothing else; empty: neither does.',
  ),
  keyFile: text('', 'PEM file with the private key of that certificate.'),
  checkMs: integer(
    5000,
    'ms',
    { min: 20, max: 3_600_000 },
    'How often the files are looked at; a change is taken once they have been the same for two looks.',
  ),
} as const;

export type TlsOptions = OptionsOf<typeof TLS_OPTIONS>;

/** The part of `process` that a certificate uses. */
export interface HangUpSource {
  on(event: 'SIGHUP', listener: () => void): unknown;
  off(event: 'SIGHUP', listener: () => void): unknown;
}

export interface CertificateDeps {
  readonly logger: Logger;
  readonly process: HangUpSource;
}

export interface KeyPair {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly minVersion: 'TLSv1.2';
}

export interface CertificateStats {
  readonly reloadCount: number;
  readonly failureCount: number;
  /** Of the one in use. */
  readonly expiresAtMs: number;
}

/** The files are missing, unreadable, or no certificate with its key. */
export class CertificateError extends Error {
  constructor(files: string, cause: unknown) {
    super(
      `the certificate ${files} cannot be used: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        cause,
      },
    );
    this.name = 'CertificateError';
  }
}

export class Certificate {
  readonly name = 'certificate';
  readonly #options: TlsOptions;
  readonly #deps: CertificateDeps;
  readonly #users: ((pair: KeyPair) => void)[] = [];
  readonly #hangUp = (): void => void this.#reload('SIGHUP');
  #pair: KeyPair | undefined;
  #expiresAtMs = 0;
  #timer: NodeJS.Timeout | undefined;
  /** What the files looked like when they were last read, and at the last look. */
  #readStamp = '';
  #seenStamp = '';
  #isBusy = false;
  #reloadCount = 0;
  #failureCount = 0;

  constructor(options: TlsOptions, deps: CertificateDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** Throws CertificateError. */
  async start(): Promise<void> {
    this.#readStamp = this.#seenStamp = await this.#stamp();
    this.#take(await this.#read());
    this.#deps.process.on('SIGHUP', this.#hangUp);
    this.#timer = setInterval(() => void this.#look(), this.#options.checkMs);
    this.#timer.unref();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#deps.process.off('SIGHUP', this.#hangUp);
  }

  /** Call it after `start`. */
  get pair(): KeyPair {
    if (this.#pair === undefined) throw new TypeError('the certificate was not started');
    return this.#pair;
  }

  /** `use` is called with each later certificate; handshakes under way keep the one before. */
  onChange(use: (pair: KeyPair) => void): void {
    this.#users.push(use);
  }

  stats(): CertificateStats {
    return {
      reloadCount: this.#reloadCount,
      failureCount: this.#failureCount,
      expiresAtMs: this.#expiresAtMs,
    };
  }

  /** Never rejects. Two files are not replaced at once: only what stays the same for one interval is read. */
  async #look(): Promise<void> {
    const stamp = await this.#stamp();
    const isSettled = stamp === this.#seenStamp;
    this.#seenStamp = stamp;
    if (isSettled && stamp !== this.#readStamp) await this.#reload('changed');
  }

  async #reload(why: string): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    const { logger } = this.#deps;
    try {
      this.#readStamp = await this.#stamp();
      this.#take(await this.#read());
      this.#reloadCount++;
      for (const use of this.#users) use(this.pair);
      logger.info({ why, expires: new Date(this.#expiresAtMs).toISOString() }, 'certificate taken');
    } catch (error) {
      this.#failureCount++;
      logger.error({ err: error, why }, 'the new certificate cannot be used; the one before stays');
    } finally {
      this.#isBusy = false;
    }
  }

  async #read(): Promise<KeyPair> {
    const { certFile, keyFile } = this.#options;
    try {
      const [cert, key] = await Promise.all([readFile(certFile), readFile(keyFile)]);
      const pair: KeyPair = { cert, key, minVersion: 'TLSv1.2' };
      // Throws where one of them is none, or they do not belong together.
      createSecureContext(pair);
      return pair;
    } catch (error) {
      throw new CertificateError(`${certFile} with the key ${keyFile}`, error);
    }
  }

  #take(pair: KeyPair): void {
    this.#expiresAtMs = Date.parse(new X509Certificate(pair.cert).validTo);
    this.#pair = pair;
    if (this.#expiresAtMs <= Date.now())
      this.#deps.logger.warn({ file: this.#options.certFile }, 'the certificate has expired');
  }

  /** Never rejects: a missing file looks like nothing. */
  async #stamp(): Promise<string> {
    const { certFile, keyFile } = this.#options;
    const stamps = [certFile, keyFile].map(async (file) => {
      try {
        const { ino, size, mtimeMs } = await stat(file);
        return `${ino}/${size}/${mtimeMs}`;
      } catch {
        return 'none';
      }
    });
    return (await Promise.all(stamps)).join();
  }
}
