/** What the server says of one user's conversations, by HTTP, and what a device says that differs. */
import { isJsonObject, type JsonObject } from '../../im/message/json_fields.js';
import type { ConversationView } from '../../sdk/src/types.js';
import { readRange, readSync, type SyncedConversation } from '../../sdk/src/wire.js';
import { isMessage, type LogEvent } from '../../sdk/src/wire_events.js';
import { callOk } from '../support/http.js';
import type { Device } from './device.js';

export class Truth {
  readonly #http: string;

  constructor(http: string) {
    this.#http = http;
  }

  /** As the server tells this device. */
  async rows(device: Device): Promise<readonly SyncedConversation[]> {
    const answer = readSync(await callOk(this.#http, 'sync', { since: 0 }, device.token));
    if (answer?.more !== false) throw new Error('not one page of conversations');
    return answer.conversations;
  }

  async unread(device: Device): Promise<JsonObject> {
    const answer = await callOk(this.#http, 'conversation/unread', {}, device.token);
    if (!isJsonObject(answer)) throw new Error('no totals');
    return answer;
  }

  /** Everything that the user may read. */
  async log(device: Device, conv: string, lastSeq: number): Promise<readonly LogEvent[]> {
    const events: LogEvent[] = [];
    for (let from = 1; from <= lastSeq;) {
      const data = { conv, from, to: lastSeq };
      const page = readRange(await callOk(this.#http, 'msg/range', data, device.token), device.uid);
      if (page === undefined || page.to < from) throw new Error(`no range of ${conv} from ${from}`);
      events.push(...page.messages);
      from = page.to + 1;
    }
    return events;
  }
}

/** Where it is `muted` nothing is told until the server is asked: `wasAsked`. */
export function listDifferences(
  device: Device,
  rows: readonly SyncedConversation[],
  wasAsked: boolean,
): readonly string[] {
  const { conversations } = device.client;
  const found: string[] = [];
  if (conversations.all().length !== rows.length)
    found.push(`${conversations.all().length} conversations, not ${rows.length}`);
  for (const row of rows) {
    const view = conversations.find(row.conv);
    if (view === undefined) found.push(`${row.conv} is missing`);
    else if (wasAsked || view.settings.interest !== 'muted') found.push(...rowDifferences(view, row, device));
  }
  return found;
}

const COMPARED = [
  ...['peer', 'firstSeq', 'lastSeq', 'readSeq', 'unread', 'mentions'],
  ...['isMember'],
] as const;

const OF_UNREAD: readonly string[] = ['unread', 'mentions'];

function rowDifferences(view: ConversationView, row: SyncedConversation, device: Device): readonly string[] {
  const { conv } = row;
  const found: string[] = [];
  const one: Readonly<Record<string, unknown>> = { ...view };
  const other: Readonly<Record<string, unknown>> = { ...row };
  for (const name of COMPARED)
    // What is taken back while he is out he is not told.
    if (one[name] !== other[name] && (row.isMember || !OF_UNREAD.includes(name)))
      found.push(`${conv} ${name} ${String(one[name])}, not ${String(other[name])}`);
  // Of a note to oneself nobody is told who got it: its only reader wrote it.
  if (view.peer !== device.uid) found.push(...markDifferences(view, row, device));
  if (JSON.stringify(view.settings) !== JSON.stringify(row.settings))
    found.push(`${conv} settings ${JSON.stringify(view.settings)}, not ${JSON.stringify(row.settings)}`);
  // `notify.count` says no time.
  const isFollowed = view.settings.interest === 'full' || conv.startsWith('u');
  if (isFollowed && view.tip !== row.lastSeq) found.push(`${conv} shown up to ${view.tip} of ${row.lastSeq}`);
  if (isFollowed && view.lastAtMs !== row.lastAtMs)
    found.push(`${conv} lastAtMs ${view.lastAtMs - row.lastAtMs} too much`);
  const seen = device.screen.list.get(conv);
  for (const name of ['unread', 'mentions', 'readSeq', 'isMember', 'settings'] as const)
    if (JSON.stringify(seen?.[name]) !== JSON.stringify(view[name]))
      found.push(`${conv} ${name}: told ${JSON.stringify(seen?.[name])}, is ${JSON.stringify(view[name])}`);
  return found;
}

/** Between what is on the screen, all of it fetched, and all that may be read. */
export function screenDifferences(
  device: Device,
  conv: string,
  log: readonly LogEvent[],
  all: boolean,
): readonly string[] {
  const found: string[] = [];
  const shown = device.screen.messages.get(conv) ?? new Map<number, unknown>();
  const words = device.screen.words.get(conv);
  const messages = log.filter(isMessage);
  const seqs = new Set(messages.map(({ seq }) => seq));
  for (const seq of shown.keys()) if (!seqs.has(seq)) found.push(`${conv}#${seq} is shown, and is not there`);
  for (const { seq, status, content, own } of messages) {
    if (!shown.has(seq)) {
      // A device to which a conversation is new begins where its user stopped reading.
      // What a client sent that died before its answer came its server takes for known to it.
      const isLost = device.hasDied && own && (status !== 0 || content.startsWith(device.name));
      if (all && !isLost && seq > device.screen.begunAt(conv))
        found.push(`${conv}#${seq} «${content}» is not shown`);
      continue;
    }
    const truth = status === 0 ? content : undefined;
    // Taken back while he was out: of that he is told nothing.
    if (truth === undefined && !log.some(({ recalls }) => recalls?.seq === seq)) continue;
    // The same of what it edited then.
    if (device.hasDied && own) continue;
    if (words?.get(seq) !== truth)
      found.push(`${conv}#${seq} says ${String(words?.get(seq))}, not ${String(truth)}`);
  }
  return found;
}

/** Marks say something of one's own messages; the peer's own move them too, and of that nobody is told. */
function markDifferences(view: ConversationView, row: SyncedConversation, device: Device): readonly string[] {
  const own = [...(device.screen.messages.get(view.conv)?.values() ?? [])].filter((message) => message.own);
  const lastOwn = (mark: number): number => own.findLast(({ seq }) => seq <= mark)?.seq ?? 0;
  return (['peerDeliveredSeq', 'peerReadSeq'] as const)
    .filter((name) => lastOwn(view[name]) !== lastOwn(row[name]))
    .map((name) => `${view.conv} ${name} ${view[name]}, not ${row[name]}`);
}
