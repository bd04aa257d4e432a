/**
 * Judges a finished run: what every client sent and saw, and what the store holds, against the promise of the
 * server. Pure data in, findings out; collecting a History is the job of chat.ts. Call it once all are in sync.
 */
import { chatMembers } from '../../im/message/conversation.js';
import { EVENT_KIND } from '../../im/message/message.js';
import type { Logged } from './logged.js';
import { Memberships } from './memberships.js';

export type { Logged };

/** One message somebody asked to send; those of one device in the order of its asking. */
export interface Sent {
  /** The device, by the name of its screen: each has an order of its own. */
  readonly by: string;
  readonly conv: string;
  readonly from: number;
  readonly clientId: string;
  readonly content: string;
  /** `pending`: no answer came; `failed`: the server said, for good, that it was not stored. */
  readonly outcome: 'acked' | 'failed' | 'pending';
  /** As the ack said; 0 where there was none. */
  readonly mid: number;
  readonly seq: number;
}

/** What one device showed, in the order in which it showed it. */
export interface Screen {
  /** For the report: `1001/phone`. */
  readonly name: string;
  readonly uid: number;
  readonly shown: readonly Logged[];
  /** Conversations of which this screen was meant to show everything; absent: all of its user's. */
  readonly answersFor?: readonly string[];
}

export interface History {
  readonly sends: readonly Sent[];
  readonly screens: readonly Screen[];
  /** Every row of the store, in any order. */
  readonly stored: readonly Logged[];
}

export type Fault =
  /** An acked message that the store does not hold. */
  | 'lost'
  /** The same message twice on one screen, or twice in the store. */
  | 'repeated'
  /** A seq that nobody has between two that are there, or that a screen lacks. */
  | 'hole'
  /** A screen out of sequence, or a device's messages stored in another order than it sent them. */
  | 'disorder'
  /** A send that was never answered, or answered «failed» and stored all the same. */
  | 'unanswered'
  | 'false answer'
  /** Shown or stored, and nobody sent it so. */
  | 'invented'
  /** Shown to, or sent by, somebody who has no part in the conversation. */
  | 'trespass'
  /** One message with two numbers: between two screens, a screen and the store, or an ack and the store. */
  | 'seq differs';

export interface Finding {
  readonly fault: Fault;
  readonly detail: string;
}

/** Everything wrong with `history`; empty where the promise was kept. */
export function checkHistory(history: History): readonly Finding[] {
  const findings: Finding[] = [];
  const report = (fault: Fault, detail: string): void => void findings.push({ fault, detail });
  const book = new Book(history);
  checkStore(history, book, report);
  checkSends(history, book, report);
  for (const screen of history.screens) checkScreen(screen, book, report);
  return findings;
}

/** The first findings as text, for an assertion's message. */
export function describeFindings(findings: readonly Finding[], limit = 20): string {
  const lines = findings.slice(0, limit).map(({ fault, detail }) => `${fault}: ${detail}`);
  return [`${findings.length} findings`, ...lines].join('\n');
}

type Report = (fault: Fault, detail: string) => void;

const identity = (message: Pick<Logged, 'conv' | 'from' | 'clientId'>): string =>
  JSON.stringify([message.conv, message.from, message.clientId]);

const label = (message: Pick<Logged, 'conv' | 'seq' | 'from' | 'clientId'>): string =>
  `${message.conv}#${message.seq} (${message.clientId} of ${message.from})`;

/** The history by what is looked up: the store's rows and the sends, by identity and by conversation. */
class Book {
  readonly rows = new Map<string, Logged>();
  readonly rowsByMid = new Map<number, Logged>();
  readonly log = new Map<string, Logged[]>();
  readonly sends = new Map<string, Sent>();
  readonly members: Memberships;

  constructor(history: History) {
    this.members = new Memberships(history.stored);
    for (const row of history.stored) {
      this.rows.set(identity(row), row);
      this.rowsByMid.set(row.mid, row);
      const rows = this.log.get(row.conv);
      if (rows === undefined) this.log.set(row.conv, [row]);
      else rows.push(row);
    }
    for (const rows of this.log.values()) rows.sort((one, other) => one.seq - other.seq);
    for (const send of history.sends) this.sends.set(identity(send), send);
  }
}

function checkStore(history: History, book: Book, report: Report): void {
  const identities = new Set<string>();
  const mids = new Set<number>();
  for (const row of history.stored) {
    if (identities.has(identity(row))) report('repeated', `two rows of one message: ${label(row)}`);
    if (mids.has(row.mid)) report('repeated', `mid ${row.mid} has two rows, one is ${label(row)}`);
    identities.add(identity(row));
    mids.add(row.mid);
    if (isMessage(row)) checkOrigin(row, 'the store', book, report);
  }
  for (const [conv, rows] of book.log) {
    rows.forEach((row, index) => {
      const before = index === 0 ? 0 : (rows[index - 1]?.seq ?? 0);
      if (row.seq === before) report('repeated', `two rows at ${conv}#${row.seq}`);
      else if (row.seq !== before + 1)
        report('hole', `the store jumps from ${before} to ${row.seq} in ${conv}`);
    });
  }
}

/** Somebody must have sent it, in these words, and had a part in the conversation. */
function checkOrigin(message: Logged, where: string, book: Book, report: Report): void {
  const send = book.sends.get(identity(message));
  if (send === undefined) report('invented', `${where} has ${label(message)}, which nobody sent`);
  else if (send.content !== message.content)
    report('invented', `${where} has other words for ${label(message)}`);
  if (!isFor(message, message.from, book))
    report('trespass', `${where}: ${message.from} in ${label(message)}`);
}

function isMessage({ kind = EVENT_KIND.message }: Logged): boolean {
  return kind === EVENT_KIND.message;
}

/** A conversation of two is for both; of a group what was said while somebody was a member. */
function isFor({ conv, seq }: Pick<Logged, 'conv' | 'seq'>, uid: number, { members }: Book): boolean {
  const pair = chatMembers(conv);
  return pair === undefined ? members.covers(conv, uid, seq) : pair.some((member) => member === uid);
}

function checkSends(history: History, book: Book, report: Report): void {
  const lastSeq = new Map<string, number>();
  for (const send of history.sends) {
    const row = book.rows.get(identity(send));
    const name = `${send.clientId} of ${send.from} in ${send.conv}`;
    if (send.outcome === 'pending') report('unanswered', name);
    if (send.outcome === 'failed' && row !== undefined)
      report('false answer', `${name} failed and is stored`);
    if (send.outcome === 'acked') checkAck(send, row, report);
    if (row === undefined) continue;
    const stream = `${send.conv} ${send.by}`;
    const before = lastSeq.get(stream) ?? 0;
    if (row.seq < before) report('disorder', `${name} was sent after #${before} and stored as #${row.seq}`);
    lastSeq.set(stream, Math.max(before, row.seq));
  }
}

function checkAck(send: Sent, row: Logged | undefined, report: Report): void {
  if (row === undefined) {
    report('lost', `${send.clientId} of ${send.from} was acked as ${send.conv}#${send.seq}`);
  } else if (row.mid !== send.mid || row.seq !== send.seq) {
    report(
      'seq differs',
      `the ack said mid ${send.mid} #${send.seq}, the store has mid ${row.mid} ${label(row)}`,
    );
  }
}

function checkScreen(screen: Screen, book: Book, report: Report): void {
  const identities = new Set<string>();
  const seqs = new Map<string, { readonly seen: Set<number>; last: number }>();
  for (const message of screen.shown) {
    if (identities.has(identity(message))) report('repeated', `${screen.name} shows ${label(message)} twice`);
    identities.add(identity(message));
    const conversation = seqs.get(message.conv) ?? { seen: new Set<number>(), last: 0 };
    seqs.set(message.conv, conversation);
    if (conversation.seen.has(message.seq))
      report('repeated', `${screen.name} shows two messages at ${label(message)}`);
    else if (message.seq < conversation.last) {
      report('disorder', `${screen.name} shows ${label(message)} after #${conversation.last}`);
    }
    conversation.seen.add(message.seq);
    conversation.last = Math.max(conversation.last, message.seq);
    checkOrigin(message, screen.name, book, report);
    checkShownNumbers(message, screen, book, report);
    if (!isFor(message, screen.uid, book)) report('trespass', `${screen.name} shows ${label(message)}`);
  }
  for (const conv of screen.answersFor ?? conversationsOf(screen.uid, book)) {
    checkComplete(conv, seqs.get(conv)?.seen ?? new Set(), screen, book, report);
  }
}

function conversationsOf(uid: number, book: Book): readonly string[] {
  const isHis = (conv: string): boolean =>
    chatMembers(conv)?.some((member) => member === uid) ?? book.members.wasIn(conv, uid);
  return [...book.log.keys()].filter(isHis);
}

function checkShownNumbers(message: Logged, screen: Screen, book: Book, report: Report): void {
  const row = book.rows.get(identity(message)) ?? book.rowsByMid.get(message.mid);
  if (row === undefined)
    report('lost', `${screen.name} shows ${label(message)}, which the store does not hold`);
  else if (row.seq !== message.seq || row.mid !== message.mid || row.conv !== message.conv) {
    report('seq differs', `${screen.name} shows ${label(message)}, the store has ${label(row)}`);
  }
}

function checkComplete(
  conv: string,
  seen: ReadonlySet<number>,
  screen: Screen,
  book: Book,
  report: Report,
): void {
  for (const row of book.log.get(conv) ?? []) {
    if (isMessage(row) && isFor(row, screen.uid, book) && !seen.has(row.seq))
      report('hole', `${screen.name} lacks ${label(row)}`);
  }
}
