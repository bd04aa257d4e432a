/** An HTTP server that speaks TLS where there is a certificate, and takes each later one without a restart. */
import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Certificate } from './certificate.js';

export function createListener(
  options: ServerOptions,
  certificate: Certificate | undefined,
  listener: RequestListener,
): Server {
  if (certificate === undefined) return createServer(options, listener);
  const handshakeTimeout = options.headersTimeout;
  const server = createTlsServer(
    { ...options, ...certificate.pair, ...(handshakeTimeout !== undefined && { handshakeTimeout }) },
    listener,
  );
  certificate.onChange((pair) => server.setSecureContext(pair));
  return server;
}
