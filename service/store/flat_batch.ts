/**
 * An append batch on its way to the writer and back: numbers in one Float64Array, all text in one run of
 * UTF-8, both transferred. One message a batch instead of one object a row is what keeps threads cheap.
 *
 *   request:  hasEvent from device to mid claimed type sentAt convLen clientLen contentLen
 *             change uid peer value kind window extraLen changeLen
 *             (a relation: uid, peer, on; of a message: by, on, mid, windowMs; of a group: by)
 *   text:     conv ‖ clientId ‖ content ‖ extra ‖ change of request 0, then of request 1 …
 *             (extra: JSON; change: an edit's content, a reaction's emoji, a group's change as JSON)
 *   result:   outcome mid seq n storedAt memberCount     (outcome ≥ 4: refused, REFUSALS[outcome − 4];
 *             changed: 1 in the place of mid, where it is repeated)
 */
import { imError, type ErrorName } from '../../im/errors.js';
import { known, toMid, toSeq } from '../../im/message/ids.js';
import type { ChatEvent } from '../../im/message/message.js';
import type {
  AppendRequest,
  AppendResult,
  BatchRefused,
  Change,
  StoredNumbers,
} from '../../im/store/interface.js';

export const REQUEST_FIELDS = 19;
export const RESULT_FIELDS = 6;

export const FIELD = {
  hasEvent: 0,
  from: 1,
  device: 2,
  to: 3,
  mid: 4,
  claimed: 5,
  type: 6,
  sentAt: 7,
  convLength: 8,
  clientLength: 9,
  contentLength: 10,
  change: 11,
  changeUid: 12,
  changePeer: 13,
  changeValue: 14,
  kind: 15,
  changeWindow: 16,
  extraLength: 17,
  changeLength: 18,
} as const;

export const CHANGE = {
  none: 0,
  black: 1,
  white: 2,
  probe: 3,
  recall: 4,
  edit: 5,
  reaction: 6,
  pin: 7,
  group: 8,
} as const;

/** `noticed`: stored, with a content that the writer made. */
export const OUTCOME = { stored: 0, duplicate: 1, changed: 2, noticed: 3, refused: 4 } as const;

/** Why an append is refused; the place in this list is what travels. */
export const REFUSALS = [
  'NO_SUCH_USER',
  'BLOCKED',
  'CONTACTS_ONLY',
  'MID_NOT_YOURS',
  'MID_TAKEN',
  'INVALID_PARAMETER',
  'BANNED',
  'NO_SUCH_MESSAGE',
  'NO_PERMISSION',
  'RECALL_TOO_LATE',
  'BAD_CLIENT_ID',
  'EDIT_TOO_LATE',
  'TOO_MANY_REACTIONS',
  'TOO_MANY_PINS',
  'ALREADY_MEMBER',
  'NO_SUCH_GROUP',
  'NOT_A_MEMBER',
  'GROUP_MUTED',
  'MEMBER_MUTED',
  'GROUP_DISSOLVED',
  'GROUP_FULL',
  'GROUP_BANNED',
  'JOIN_NEEDS_APPROVAL',
  'JOIN_NEEDS_INVITE',
  'WRONG_INVITE',
  'TOO_MANY_GROUPS',
  'OWNER_MUST_STAY',
  'TOO_MANY_INVITES',
  'NO_SUCH_REQUEST',
  'TOO_MANY_BANS',
  'LEFT_LATELY',
] as const satisfies readonly ErrorName[];

export type Refusal = (typeof REFUSALS)[number];

export interface FlatBatch {
  readonly count: number;
  readonly numbers: Float64Array;
  readonly text: Uint8Array;
}

export interface FlatResults {
  readonly numbers: Float64Array;
  /** The stored rows of duplicates, in the order of their requests. */
  readonly duplicates: readonly ChatEvent[];
  /** The contents that the writer made, likewise. */
  readonly contents: readonly string[];
}

/** What of a request travels as text besides its event's content; '' where there is none. */
interface Texts {
  readonly extra: string;
  readonly change: string;
}

const NO_TEXTS: Texts = { extra: '', change: '' };

/** A string of UTF-16 length n has at most 3n bytes of UTF-8. */
const BYTES_PER_UNIT = 3;

export function packBatch(batch: readonly AppendRequest[]): FlatBatch {
  const numbers = new Float64Array(batch.length * REQUEST_FIELDS);
  const texts = batch.map(textsOf);
  let units = 0;
  for (const [index, { conv, event }] of batch.entries()) {
    const { extra, change } = texts[index] ?? NO_TEXTS;
    units += conv.length + extra.length + change.length;
    if (event !== undefined) units += event.clientId.length + event.content.length;
  }
  // Not from the pool: a pooled buffer shares its memory with strangers and cannot be transferred.
  const text = Buffer.allocUnsafeSlow(units * BYTES_PER_UNIT);
  let offset = 0;
  for (const [index, request] of batch.entries()) {
    const place = { numbers, text, base: index * REQUEST_FIELDS, offset };
    offset = packRequest(request, texts[index] ?? NO_TEXTS, place);
  }
  return { count: batch.length, numbers, text };
}

/** Nearly every request is a message with neither. */
function textsOf({ event, change }: AppendRequest): Texts {
  const extra = event?.extra;
  if (extra === undefined && change === undefined) return NO_TEXTS;
  return {
    extra: extra === undefined ? '' : JSON.stringify(extra),
    change: change === undefined ? '' : changeText(change),
  };
}

function changeText(change: Change): string {
  switch (change.kind) {
    case 'edit':
      return change.content;
    case 'reaction':
      return change.emoji;
    case 'group':
      return JSON.stringify(change);
    default:
      return '';
  }
}

interface Place {
  readonly numbers: Float64Array;
  readonly text: Buffer;
  /** Where the request's numbers start. */
  readonly base: number;
  /** Where its text starts. */
  readonly offset: number;
}

/** Returns where the text of the next request starts. */
function packRequest({ conv, event, change }: AppendRequest, texts: Texts, place: Place): number {
  const { numbers, text, base, offset } = place;
  const convLength = text.write(conv, offset, 'latin1');
  numbers[base + FIELD.convLength] = convLength;
  let end = offset + convLength;
  if (event !== undefined) {
    numbers[base + FIELD.hasEvent] = 1;
    numbers[base + FIELD.kind] = event.kind;
    numbers[base + FIELD.from] = event.from;
    numbers[base + FIELD.device] = event.device;
    numbers[base + FIELD.to] = event.to;
    numbers[base + FIELD.mid] = event.mid;
    numbers[base + FIELD.claimed] = event.midIsClaimed ? 1 : 0;
    numbers[base + FIELD.type] = event.type;
    numbers[base + FIELD.sentAt] = event.sentAtMs;
    const clientLength = text.write(event.clientId, end, 'utf8');
    numbers[base + FIELD.clientLength] = clientLength;
    end += clientLength;
    const contentLength = text.write(event.content, end, 'utf8');
    numbers[base + FIELD.contentLength] = contentLength;
    end += contentLength;
  }
  if (texts !== NO_TEXTS) {
    const extraLength = text.write(texts.extra, end, 'utf8');
    numbers[base + FIELD.extraLength] = extraLength;
    end += extraLength;
    const changeLength = text.write(texts.change, end, 'utf8');
    numbers[base + FIELD.changeLength] = changeLength;
    end += changeLength;
  }
  if (change !== undefined) packChange(change, numbers, base);
  return end;
}

function packChange(change: Change, numbers: Float64Array, base: number): void {
  switch (change.kind) {
    case 'probe':
      numbers[base + FIELD.change] = CHANGE.probe;
      numbers[base + FIELD.changeValue] = change.value;
      return;
    case 'relation':
      numbers[base + FIELD.change] = CHANGE[change.list];
      numbers[base + FIELD.changeUid] = change.uid;
      numbers[base + FIELD.changePeer] = change.peer;
      numbers[base + FIELD.changeValue] = change.on ? 1 : 0;
      return;
    case 'group':
      numbers[base + FIELD.change] = CHANGE.group;
      numbers[base + FIELD.changeUid] = change.by;
      return;
    default:
      numbers[base + FIELD.change] = CHANGE[change.kind];
      numbers[base + FIELD.changeUid] = change.by;
      numbers[base + FIELD.changeValue] = change.mid;
      if ('on' in change) numbers[base + FIELD.changePeer] = change.on ? 1 : 0;
      if ('windowMs' in change) numbers[base + FIELD.changeWindow] = change.windowMs;
  }
}

/** Throws INTERNAL where the answer does not fit the batch. */
export function unpackResults(
  count: number,
  flat: FlatResults | BatchRefused,
): readonly AppendResult[] | BatchRefused {
  if ('refused' in flat) return flat;
  const results: AppendResult[] = [];
  let duplicates = 0;
  let contents = 0;
  for (let index = 0; index < count; index += 1) {
    const base = index * RESULT_FIELDS;
    switch (flat.numbers[base]) {
      case OUTCOME.duplicate:
        results.push(duplicateOf(flat.duplicates[duplicates]));
        duplicates += 1;
        break;
      case OUTCOME.noticed:
        results.push(noticedOf(flat.numbers, base, flat.contents[contents]));
        contents += 1;
        break;
      default:
        results.push(unpackResult(flat.numbers, base));
    }
  }
  return results;
}

function duplicateOf(event: ChatEvent | undefined): AppendResult {
  if (event === undefined) throw imError('INTERNAL', 'the writer left out a duplicate');
  return { outcome: 'duplicate', event };
}

function noticedOf(numbers: Float64Array, base: number, content: string | undefined): AppendResult {
  if (content === undefined) throw imError('INTERNAL', 'the writer left out a content');
  return { outcome: 'stored', event: numbersOf(numbers, base), content };
}

function numbersOf(numbers: Float64Array, base: number): StoredNumbers {
  return {
    mid: known(toMid(numbers[base + 1])),
    seq: known(toSeq(numbers[base + 2])),
    n: numbers[base + 3] ?? 0,
    storedAtMs: numbers[base + 4] ?? 0,
    memberCount: numbers[base + 5] ?? 0,
  };
}

function unpackResult(numbers: Float64Array, base: number): AppendResult {
  const outcome = numbers[base];
  switch (outcome) {
    case OUTCOME.stored:
      return { outcome: 'stored', event: numbersOf(numbers, base) };
    case OUTCOME.changed:
      return numbers[base + 1] === 0 ? { outcome: 'changed' } : { outcome: 'changed', isRepeated: true };
    default: {
      const error = REFUSALS[(outcome ?? 0) - OUTCOME.refused];
      if (error === undefined) throw imError('INTERNAL', 'the writer gave no outcome');
      return { outcome: 'refused', error };
    }
  }
}
