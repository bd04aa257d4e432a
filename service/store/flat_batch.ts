/**
 * An append batch on its way to the writer and back: numbers in one Float64Array, all text in one run of
 * UTF-8, both transferred. One message a batch instead of one object a row is what keeps threads cheap.
 *
 *   request:  hasEvent kind from device to mid claimed type sentAt convLen clientLen contentLen
 *             change uid peer value window   (a relation: uid, peer, on; a recall: by, –, mid, windowMs)
 *   text:     conv ‖ clientId ‖ content of request 0, then of request 1 …
 *   result:   outcome mid seq n storedAt        (outcome ≥ 3: refused, REFUSALS[outcome − 3])
 */
import { imError, type ErrorName } from '../../im/errors.js';
import { known, toMid, toSeq } from '../../im/message/ids.js';
import type { ChatEvent } from '../../im/message/message.js';
import type { AppendRequest, AppendResult, BatchRefused, Change } from '../../im/store/interface.js';

export const REQUEST_FIELDS = 17;
export const RESULT_FIELDS = 5;

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
} as const;

export const CHANGE = { none: 0, black: 1, white: 2, probe: 3, recall: 4 } as const;

export const OUTCOME = { stored: 0, duplicate: 1, changed: 2, refused: 3 } as const;

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
}

/** A string of UTF-16 length n has at most 3n bytes of UTF-8. */
const BYTES_PER_UNIT = 3;

export function packBatch(batch: readonly AppendRequest[]): FlatBatch {
  const numbers = new Float64Array(batch.length * REQUEST_FIELDS);
  let units = 0;
  for (const { conv, event } of batch) {
    units += conv.length + (event === undefined ? 0 : event.clientId.length + event.content.length);
  }
  // Not from the pool: a pooled buffer shares its memory with strangers and cannot be transferred.
  const text = Buffer.allocUnsafeSlow(units * BYTES_PER_UNIT);
  let offset = 0;
  for (let index = 0; index < batch.length; index += 1) {
    const request = batch[index];
    if (request !== undefined)
      offset = packRequest(request, { numbers, text, base: index * REQUEST_FIELDS, offset });
  }
  return { count: batch.length, numbers, text };
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
function packRequest({ conv, event, change }: AppendRequest, { numbers, text, base, offset }: Place): number {
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
  if (change !== undefined) packChange(change, numbers, base);
  return end;
}

function packChange(change: Change, numbers: Float64Array, base: number): void {
  if (change.kind === 'probe') {
    numbers[base + FIELD.change] = CHANGE.probe;
    numbers[base + FIELD.changeValue] = change.value;
    return;
  }
  if (change.kind === 'recall') {
    numbers[base + FIELD.change] = CHANGE.recall;
    numbers[base + FIELD.changeUid] = change.by;
    numbers[base + FIELD.changeValue] = change.mid;
    numbers[base + FIELD.changeWindow] = change.windowMs;
    return;
  }
  if (change.kind !== 'relation') throw imError('INTERNAL', 'not there yet');
  numbers[base + FIELD.change] = CHANGE[change.list];
  numbers[base + FIELD.changeUid] = change.uid;
  numbers[base + FIELD.changePeer] = change.peer;
  numbers[base + FIELD.changeValue] = change.on ? 1 : 0;
}

/** Throws INTERNAL where the answer does not fit the batch. */
export function unpackResults(
  count: number,
  flat: FlatResults | BatchRefused,
): readonly AppendResult[] | BatchRefused {
  if ('refused' in flat) return flat;
  const results: AppendResult[] = [];
  let duplicates = 0;
  for (let index = 0; index < count; index += 1) {
    const base = index * RESULT_FIELDS;
    const isDuplicate = flat.numbers[base] === OUTCOME.duplicate;
    results.push(isDuplicate ? duplicateOf(flat.duplicates[duplicates]) : unpackResult(flat.numbers, base));
    if (isDuplicate) duplicates += 1;
  }
  return results;
}

function duplicateOf(event: ChatEvent | undefined): AppendResult {
  if (event === undefined) throw imError('INTERNAL', 'the writer left out a duplicate');
  return { outcome: 'duplicate', event };
}

function unpackResult(numbers: Float64Array, base: number): AppendResult {
  const outcome = numbers[base];
  switch (outcome) {
    case OUTCOME.stored: {
      const mid = known(toMid(numbers[base + 1]));
      const seq = known(toSeq(numbers[base + 2]));
      return {
        outcome: 'stored',
        event: { mid, seq, n: numbers[base + 3] ?? 0, storedAtMs: numbers[base + 4] ?? 0, memberCount: 0 },
      };
    }
    case OUTCOME.changed:
      return { outcome: 'changed' };
    default: {
      const error = REFUSALS[(outcome ?? 0) - OUTCOME.refused];
      if (error === undefined) throw imError('INTERNAL', 'the writer gave no outcome');
      return { outcome: 'refused', error };
    }
  }
}
