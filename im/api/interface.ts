/**
 * The api room's port: one call per operation, whoever carries it (HTTP or a connection). Operations are listed
 * in im/api/operations.ts; they throw CodedError and return what becomes the `Data` of the answer.
 */
import type { Device, Uid } from '../message/ids.js';

/** Who asks. Filled from a checked token, never from the request's body. */
export interface Caller {
  readonly uid: Uid;
  readonly device: Device;
  readonly tokenVersion: number;
}

export interface ApiRequest {
  /** Path without the leading slash: `msg/chat/history`. */
  readonly operation: string;
  /** The decoded JSON body; undefined where there was none. */
  readonly input: unknown;
  readonly caller: Caller | undefined;
  /** Host header of the request, for the default of `Servers`. */
  readonly host: string;
}

export interface Api {
  /** Throws NO_SUCH_ROUTE, UNAUTHENTICATED (a caller is needed), INVALID_PARAMETER, or the operation's own errors. */
  call(request: ApiRequest): Promise<unknown>;
  /** `msg/range` for `api.msg.range` and the S28 aliases; undefined where no operation has that action. */
  operationOf(action: string): string | undefined;
}

/** Checks a bearer token: signature, expiry, version (the version may be up to a second old). */
export interface TokenChecker {
  /** Throws UNAUTHENTICATED. */
  check(token: string): Promise<Caller>;
}
