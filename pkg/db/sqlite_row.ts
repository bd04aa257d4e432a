/**
 * Narrows the cells of a row, once, where it is read; a cell of another type is a fault of the schema or of
 * the statement. Also the two conversions between text and the bytes it is stored as.
 */
import type { Row } from './sqlite_database.js';

/** A safe integer. */
export function integerAt(row: Row, column: number): number {
  const cell = row[column];
  if (typeof cell === 'number' && Number.isSafeInteger(cell)) return cell;
  throw new TypeError(`column ${column} holds no safe integer`);
}

/** Text, whether stored as TEXT or as a BLOB of UTF-8. */
export function textAt(row: Row, column: number): string {
  const cell = row[column];
  if (typeof cell === 'string') return cell;
  if (cell instanceof Uint8Array) return fromBytes(cell);
  throw new TypeError(`column ${column} holds no text`);
}

export function toBytes(text: string): Uint8Array {
  return Buffer.from(text, 'utf8');
}

export function fromBytes(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}
