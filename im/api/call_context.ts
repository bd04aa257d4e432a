import type { Dialect } from '../message/encoder.js';

/** What an operation may know of a call besides its input and its caller. */
export interface CallContext {
  /**
   * Host header of the request, or of the upgrade of the connection; with the scheme in front
   * (`https://im.example.org`) where a trusted proxy says how the client reached it. '' where it is no host.
   */
  readonly host: string;
  /** The client's, in its canonical spelling. */
  readonly address: string;
  /** Of the connection that it came by; undefined over HTTP. */
  readonly dialect: Dialect | undefined;
}
