/** The writer's side of a flat batch: reads requests one after the other and writes their answers the same way. */
import type { ChatEvent } from '../../im/message/message.js';
import {
  FIELD,
  OUTCOME,
  REFUSALS,
  REQUEST_FIELDS,
  RESULT_FIELDS,
  type FlatBatch,
  type FlatResults,
  type Refusal,
} from './flat_batch.js';

/** A request of a flat batch; the fields of what it lacks (event, change) are 0 and empty. */
export interface FlatRequest {
  readonly conv: string;
  readonly hasEvent: boolean;
  readonly kind: number;
  readonly from: number;
  readonly device: number;
  readonly to: number;
  readonly mid: number;
  readonly midIsClaimed: boolean;
  readonly type: number;
  readonly sentAtMs: number;
  readonly clientId: Uint8Array;
  readonly content: Uint8Array;
  readonly change: number;
  readonly changeUid: number;
  readonly changePeer: number;
  readonly changeValue: number;
  readonly changeWindowMs: number;
  /** JSON of what a message has besides; empty: nothing. */
  readonly extra: Uint8Array;
  /** What of the change is text. */
  readonly changeText: Uint8Array;
}

/** Of an event that has just been written. */
export interface WrittenNumbers {
  readonly mid: number;
  readonly seq: number;
  readonly n: number;
  readonly storedAtMs: number;
}

const NO_BYTES = new Uint8Array(0);

export class FlatReader {
  readonly #numbers: Float64Array;
  readonly #text: Buffer;
  #base = 0;
  #offset = 0;

  constructor({ numbers, text }: FlatBatch) {
    this.#numbers = numbers;
    this.#text = Buffer.from(text.buffer, text.byteOffset, text.byteLength);
  }

  next(): FlatRequest {
    const client = this.#offset + this.#field(FIELD.convLength);
    const content = client + this.#field(FIELD.clientLength);
    const extra = content + this.#field(FIELD.contentLength);
    const change = extra + this.#field(FIELD.extraLength);
    const end = change + this.#field(FIELD.changeLength);
    const request: FlatRequest = {
      conv: this.#text.toString('latin1', this.#offset, client),
      hasEvent: this.#field(FIELD.hasEvent) === 1,
      kind: this.#field(FIELD.kind),
      from: this.#field(FIELD.from),
      device: this.#field(FIELD.device),
      to: this.#field(FIELD.to),
      mid: this.#field(FIELD.mid),
      midIsClaimed: this.#field(FIELD.claimed) === 1,
      type: this.#field(FIELD.type),
      sentAtMs: this.#field(FIELD.sentAt),
      clientId: this.#text.subarray(client, content),
      content: this.#text.subarray(content, extra),
      change: this.#field(FIELD.change),
      changeUid: this.#field(FIELD.changeUid),
      changePeer: this.#field(FIELD.changePeer),
      changeValue: this.#field(FIELD.changeValue),
      changeWindowMs: this.#field(FIELD.changeWindow),
      extra: extra === change ? NO_BYTES : this.#text.subarray(extra, change),
      changeText: change === end ? NO_BYTES : this.#text.subarray(change, end),
    };
    this.#base += REQUEST_FIELDS;
    this.#offset = end;
    return request;
  }

  #field(field: number): number {
    return this.#numbers[this.#base + field] ?? 0;
  }
}

export class FlatAnswers {
  readonly #numbers: Float64Array;
  readonly #duplicates: ChatEvent[] = [];
  readonly #contents: string[] = [];
  #base = 0;

  constructor(count: number) {
    this.#numbers = new Float64Array(count * RESULT_FIELDS);
  }

  stored(event: WrittenNumbers, memberCount = 0): void {
    this.#write(event, memberCount);
    this.#end(OUTCOME.stored);
  }

  /** Stored, with a content that the request did not have. */
  noticed(event: WrittenNumbers, memberCount: number, content: string): void {
    this.#write(event, memberCount);
    this.#contents.push(content);
    this.#end(OUTCOME.noticed);
  }

  duplicate(event: ChatEvent): void {
    this.#duplicates.push(event);
    this.#end(OUTCOME.duplicate);
  }

  changed(isRepeated = false): void {
    this.#numbers[this.#base + 1] = isRepeated ? 1 : 0;
    this.#end(OUTCOME.changed);
  }

  refused(refusal: Refusal): void {
    this.#end(OUTCOME.refused + REFUSALS.indexOf(refusal));
  }

  #write({ mid, seq, n, storedAtMs }: WrittenNumbers, memberCount: number): void {
    this.#numbers[this.#base + 1] = mid;
    this.#numbers[this.#base + 2] = seq;
    this.#numbers[this.#base + 3] = n;
    this.#numbers[this.#base + 4] = storedAtMs;
    this.#numbers[this.#base + 5] = memberCount;
  }

  #end(outcome: number): void {
    this.#numbers[this.#base] = outcome;
    this.#base += RESULT_FIELDS;
  }

  results(): FlatResults {
    return { numbers: this.#numbers, duplicates: this.#duplicates, contents: this.#contents };
  }
}
