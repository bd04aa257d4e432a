/** What all readers of answers share. An answer that is not understood is a temporary error without code. */
import { toCount, toUid } from '../../im/message/ids.js';
import { CodedError } from '../../pkg/errors/coded_error.js';
import { isJsonObject, type JsonObject } from '../../im/message/json_fields.js';

/** Runs an operation over the connection; rejects with a CodedError. */
export type Call = (operation: string, data: unknown) => Promise<unknown>;

/** What a facet of the client needs of it. */
export interface FacetDeps {
  readonly call: Call;
  /** Whose client it is. */
  uid(): number;
  /** The event `seq` of `conv` exists: its push is on the way. */
  expects(conv: string, seq: number): void;
}

export function notUnderstood(operation: string): CodedError {
  return new CodedError(0, `the answer to ${operation} is not understood`, { temporary: true });
}

/** Throws where `value` is undefined. */
export function understood<Value>(value: Value | undefined, operation: string): Value {
  if (value === undefined) throw notUnderstood(operation);
  return value;
}

export function countOf(value: unknown): number {
  return toCount(value) ?? 0;
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Those that are uids. */
export function uidsOf(value: unknown): readonly number[] {
  const rows: readonly unknown[] = Array.isArray(value) ? value : [];
  return rows.map(toUid).filter((uid) => uid !== undefined);
}

/** The objects among `data` that `read` understands. Throws where `data` is no list. */
export function rowsOf<Row>(
  data: unknown,
  operation: string,
  read: (row: JsonObject) => Row | undefined,
): readonly Row[] {
  if (!Array.isArray(data)) throw notUnderstood(operation);
  const rows: readonly unknown[] = data;
  return rows.flatMap((row) => (isJsonObject(row) ? (read(row) ?? []) : []));
}
