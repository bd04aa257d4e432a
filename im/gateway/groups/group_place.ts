/** What a connection knows of its place in the list of a group; the place is stable while a fan-out passes over it. */
import type { Interest } from '../../message/settings.js';

export interface GroupPlace {
  index: number;
  /** Only what comes after it is pushed here. */
  sinceSeq: number;
  interest: Interest;
  /** Messages and recalls that it has not been told of, where the interest is `count`; 0 begins to count anew. */
  untoldCount: number;
}
