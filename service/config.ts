/**
 * The whole configuration: options of every room under its section, and the rules that span several of them.
 * What an option means stands beside the class that uses it.
 */
import { readFileSync } from 'node:fs';
import { RELEASE_OPTIONS } from '../im/api/app_api.js';
import { ATTEMPT_OPTIONS } from '../im/api/attempt_guard.js';
import { AUTHENTICATOR_OPTIONS } from '../im/api/authenticator.js';
import { MID_BLOCK_OPTIONS } from '../im/api/mid_blocks.js';
import { PASSWORD_OPTIONS } from '../im/api/password_api.js';
import { SERVERS_OPTIONS } from '../im/api/sign_in_answer.js';
import { GROUP_API_OPTIONS } from '../im/api/group_options.js';
import { STRANGER_OPTIONS } from '../im/api/stranger_lookups.js';
import { SYNC_OPTIONS } from '../im/api/sync_api.js';
import { TOKEN_VERSION_OPTIONS } from '../im/api/token_versions.js';
import { TOKEN_OPTIONS } from '../im/api/tokens.js';
import { VERIFICATION_OPTIONS } from '../im/api/verification_codes.js';
import { GATEWAY_OPTIONS } from '../im/gateway/gateway_options.js';
import { GROUP_FAN_OUT_OPTIONS } from '../im/group/group_fan_out.js';
import { RATE_LIMIT_OPTIONS } from '../im/limits/rate_limits.js';
import { EVENT_OPTIONS } from '../im/messaging/event_handler.js';
import { MARK_WRITER_OPTIONS } from '../im/messaging/mark_writer.js';
import { RECALL_OPTIONS } from '../im/messaging/recall_handler.js';
import { RELAY_OPTIONS } from '../im/messaging/relay_handler.js';
import { TICKET_OPTIONS } from '../im/messaging/tickets.js';
import { WORLD_OPTIONS } from '../im/messaging/world_channel.js';
import { PRESENCE_OPTIONS } from '../im/presence/local_presence.js';
import { SEARCH_OPTIONS } from '../im/search/search_indexer.js';
import { APPEND_BATCHER_OPTIONS } from '../im/store/append_batcher.js';
import { RETENTION_OPTIONS } from '../im/store/retention.js';
import { loadConfig, type Loaded } from '../pkg/config/load.js';
import { choice, integer, list, secret, text } from '../pkg/config/option.js';
import type { ValuesOf } from '../pkg/config/option_tree.js';
import { badNetwork } from '../pkg/limit/proxy_trust.js';
import { LIFECYCLE_OPTIONS } from '../pkg/lifecycle/lifecycle.js';
import { LOG_OPTIONS } from '../pkg/log/pino_logger.js';
import { TLS_OPTIONS } from '../pkg/tls/certificate.js';
import { ARGON2_OPTIONS } from './api/argon2_hasher.js';
import { CROSS_ORIGIN_OPTIONS } from './api/cross_origin.js';
import { HTTP_OPTIONS } from './api/http_server.js';
import { READINESS_OPTIONS } from './api/readiness.js';
import { CODE_WEBHOOK_OPTIONS } from './api/webhook_code_sender.js';
import { WS_SERVER_OPTIONS } from './gateway/ws_server.js';
import { METRICS_OPTIONS } from './metrics/metrics_page.js';
import { SQLITE_STORE_OPTIONS } from './store/sqlite_options.js';

const PORT = { min: 0, max: 65_535 } as const;

/** HMAC-SHA256, which signs the tokens, is no stronger than a shorter key. */
export const SECRET_MIN_BYTES = 32;

/** Short enough to paste, too long to guess. */
const TOKEN_MIN_BYTES = 16;

export const CONFIG_OPTIONS = {
  mode: choice(
    ['debugging', 'production'],
    'debugging',
    'debugging makes up its own secret and takes a fixed verification code, and therefore listens on this ' +
      'machine only. production needs a secret and refuses settings that could lose an acknowledged message.',
  ),
  dataDir: text(
    './data',
    'The folder of the database, its lock and, in debugging, the secret. Made if missing.',
  ),
  host: text('127.0.0.1', 'The address to listen on; 0.0.0.0 or :: for all of them, outside debugging only.'),
  httpPort: integer(8081, 'port', PORT, 'The HTTP API and the health routes; 0 takes a free port.'),
  wsPort: integer(8080, 'port', PORT, 'The WebSocket connections, on /ws; 0 takes a free port.'),
  ...SERVERS_OPTIONS,
  trustedProxies: list(
    [],
    'Addresses and networks (10.0.0.0/8, fd00::/8) of the proxies in front. Only from them X-Forwarded-For, -Proto ' +
      'and -Host are believed: the client is the right-most address that is none of them.',
  ),
  secret: secret(
    `Signs the tokens; at least ${SECRET_MIN_BYTES} bytes. Whoever knows it can sign in as anybody. Another ` +
      'secret makes every token worthless, save with previous_secret.',
  ),
  previousSecret: secret(
    'The secret before this one: tokens that it signed stay good until they expire. Leave it out as soon as ' +
      'all of them have, or at once where it leaked.',
  ),
  tls: TLS_OPTIONS,
  limits: RATE_LIMIT_OPTIONS,
  attempts: ATTEMPT_OPTIONS,
  gateway: { ...WS_SERVER_OPTIONS, ...GATEWAY_OPTIONS },
  messaging: {
    ...APPEND_BATCHER_OPTIONS,
    ...MARK_WRITER_OPTIONS,
    ...RECALL_OPTIONS,
    ...EVENT_OPTIONS,
    ...PRESENCE_OPTIONS,
    ...RELAY_OPTIONS,
    ...TICKET_OPTIONS,
    ...WORLD_OPTIONS,
    ...GROUP_FAN_OUT_OPTIONS,
  },
  api: {
    ...HTTP_OPTIONS,
    ...CROSS_ORIGIN_OPTIONS,
    ...READINESS_OPTIONS,
    ...ARGON2_OPTIONS,
    ...CODE_WEBHOOK_OPTIONS,
    ...AUTHENTICATOR_OPTIONS,
    ...PASSWORD_OPTIONS,
    ...TOKEN_OPTIONS,
    ...TOKEN_VERSION_OPTIONS,
    ...VERIFICATION_OPTIONS,
    ...MID_BLOCK_OPTIONS,
    ...STRANGER_OPTIONS,
    ...SYNC_OPTIONS,
    ...GROUP_API_OPTIONS,
    ...RELEASE_OPTIONS,
  },
  store: { ...SQLITE_STORE_OPTIONS, ...RETENTION_OPTIONS, ...SEARCH_OPTIONS },
  metrics: METRICS_OPTIONS,
  lifecycle: LIFECYCLE_OPTIONS,
  log: LOG_OPTIONS,
} as const;

export type Config = ValuesOf<typeof CONFIG_OPTIONS>;

/** Read by single commands: `user add` and the terminal chat. */
const COMMAND_ENVIRONMENT = ['SAILPLANE_PASSWORD'];

/** For every command; what only a server needs is checked by `servingProblems`. */
export function readConfig(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Loaded<Config> {
  const readFile = (path: string): string => readFileSync(path, 'utf8');
  return loadConfig(CONFIG_OPTIONS, { args, environment, readFile, ignoredEnvironment: COMMAND_ENVIRONMENT });
}

/** Why a server must not start with this configuration; empty where it may. */
export function servingProblems(config: Config): readonly string[] {
  const secretBytes = Buffer.byteLength(config.secret);
  const previousBytes = Buffer.byteLength(config.previousSecret);
  const metricsBytes = Buffer.byteLength(config.metrics.token);
  const short = (bytes: number, least = SECRET_MIN_BYTES): string =>
    `is ${bytes} bytes long: at least ${least} are needed`;
  const isDebugging = config.mode === 'debugging';
  const badProxy = badNetwork(config.trustedProxies);
  const rules: readonly (readonly [boolean, string])[] = [
    [config.dataDir === '', 'data_dir must name a folder'],
    [config.host === '', 'host must be an address; 0.0.0.0 or :: stand for all of them'],
    [secretBytes > 0 && secretBytes < SECRET_MIN_BYTES, `secret ${short(secretBytes)}`],
    [previousBytes > 0 && previousBytes < SECRET_MIN_BYTES, `previous_secret ${short(previousBytes)}`],
    [/\s/.test(config.metrics.token), 'metrics.token must not have spaces: it is sent in a header'],
    [
      metricsBytes > 0 && metricsBytes < TOKEN_MIN_BYTES,
      `metrics.token ${short(metricsBytes, TOKEN_MIN_BYTES)}`,
    ],
    [
      !isDebugging && secretBytes === 0,
      'mode is production and there is no secret: set SAILPLANE_SECRET or secret_file',
    ],
    [
      isDebugging && config.host !== '' && !isLoopback(config.host),
      `mode is debugging, whose fixed codes must not face a network, and host is ${config.host}: set mode to ` +
        'production or host to 127.0.0.1',
    ],
    [
      !isDebugging && config.store.synchronous !== 'FULL',
      `mode is production and store.synchronous is ${config.store.synchronous}: only FULL keeps what was acknowledged`,
    ],
    [
      config.httpPort !== 0 && config.httpPort === config.wsPort,
      `http_port and ws_port are both ${config.httpPort}: they need a port each`,
    ],
    [!config.gateway.path.startsWith('/'), 'gateway.path must begin with /'],
    [!/^\/.*[^/]$/.test(config.api.prefix), 'api.prefix must begin with / and not end with it'],
    [
      (config.tls.certFile === '') !== (config.tls.keyFile === ''),
      'tls.cert_file and tls.key_file are needed both, or neither',
    ],
    [badProxy !== undefined, `trusted_proxies: ${badProxy ?? ''} is no address or network`],
    ...config.publicWsUrls.map(
      (url) => [!isWsUrl(url), `public_ws_urls: ${url} is no ws:// or wss:// address`] as const,
    ),
  ];
  return rules.filter(([broken]) => broken).map(([, problem]) => problem);
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

function isWsUrl(url: string): boolean {
  return URL.canParse(url) && ['ws:', 'wss:'].includes(new URL(url).protocol);
}
