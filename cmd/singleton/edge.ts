/** What both listeners share: the certificate, if there is one, and which proxies are believed. */
import type { Lifecycle } from '../../pkg/lifecycle/lifecycle.js';
import { ProxyTrust } from '../../pkg/limit/proxy_trust.js';
import type { Logger } from '../../pkg/log/logger.js';
import { Certificate } from '../../pkg/tls/certificate.js';
import type { Config } from '../../service/config.js';

export interface Edge {
  readonly certificate: Certificate | undefined;
  readonly trust: ProxyTrust;
}

/** Throws CertificateError. */
export async function openEdge(config: Config, logger: Logger, lifecycle: Lifecycle): Promise<Edge> {
  const trust = new ProxyTrust(config.trustedProxies);
  if (config.tls.certFile === '') return { certificate: undefined, trust };
  const certificate = new Certificate(config.tls, { logger, process });
  await lifecycle.start(certificate);
  return { certificate, trust };
}
