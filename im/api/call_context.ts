/** What an operation may know of a call besides its input and its caller. */
export interface CallContext {
  /** Host header of the request, or of the upgrade of the connection. */
  readonly host: string;
}
