/**
 * DownFrame to the text of one frame. What differs between the profiles is in profile_legacy.ts and
 * profile_web.ts; a frame that a client of that kind cannot understand is left out (undefined).
 * Step 9 of the message path. Encoded once per kind of reader and shared by all of them.
 */
import type { DownFrame } from './message.js';
import { encodeLegacy } from './profile_legacy.js';
import { encodeModern, encodeWeb } from './profile_web.js';

/** `modern`: the web profile by a client that sent `v` and `caps`, such as our SDK. */
export type Dialect = 'legacy' | 'web' | 'modern';

/** The texts to send, in order; none where this dialect has no word for the frame. */
export function encodeDown(frame: DownFrame, dialect: Dialect): readonly string[] {
  switch (dialect) {
    case 'legacy':
      return encodeLegacy(frame);
    case 'web':
      return encodeWeb(frame);
    case 'modern':
      return encodeModern(frame);
  }
}
