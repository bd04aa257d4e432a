/** What a store worker and the thread that owns it say to each other. */
import type { SqliteDatabaseOptions } from '../../pkg/db/sqlite_database.js';
import { CodedError } from '../../pkg/errors/coded_error.js';
import type { CallName } from './store_calls.js';

export interface WorkerSetup {
  readonly database: SqliteDatabaseOptions;
  /** The writer brings the schema up to date before it answers; a reader comes after it. */
  readonly role: 'writer' | 'reader';
}

export type ToWorker =
  /** Done one after the other. */
  { readonly kind: 'calls'; readonly calls: readonly WorkerCall[] } | { readonly kind: 'close' };

export interface WorkerCall {
  readonly id: number;
  readonly name: CallName;
  readonly args: readonly unknown[];
}

/** What became of a call: its value, or why there is none. */
export type WorkerAnswer =
  { readonly id: number; readonly value: unknown } | { readonly id: number; readonly failure: WorkerFailure };

/** A CodedError as it crosses threads. */
export interface WorkerFailure {
  readonly code: number;
  readonly message: string;
  readonly temporary: boolean;
  /** Of the error behind it, for the log only. */
  readonly cause: string;
}

export type FromWorker =
  | { readonly kind: 'ready' }
  | { readonly kind: 'broken'; readonly failure: WorkerFailure }
  | { readonly kind: 'answers'; readonly answers: readonly WorkerAnswer[] };

export function failureOf({ code, message, temporary, cause }: CodedError): WorkerFailure {
  return { code, message, temporary, cause: cause instanceof Error ? cause.message : '' };
}

export function errorOf({ code, message, temporary, cause }: WorkerFailure): CodedError {
  return new CodedError(code, message, cause === '' ? { temporary } : { temporary, cause });
}
