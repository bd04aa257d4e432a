/** What all connections of a gateway hold at this moment, for metrics: looked up when somebody asks. */
import type { CloseName } from '../errors.js';
import type { Client } from './client.js';

export interface ClientFigures {
  /** By dialect; `none` before a connection's first frame. */
  readonly byProfile: ReadonlyMap<string, number>;
  readonly outboundFrameCount: number;
  readonly outboundBytes: number;
  /** What the answers to api requests under way may weigh: counts in the same bound. */
  readonly apiBytes: number;
  /** Frames handed to messaging and not answered yet. */
  readonly unansweredCount: number;
  /** Frames read and held back: signing in, or too much unanswered. */
  readonly heldCount: number;
  /** Connections closed by us since the start. */
  readonly closes: ReadonlyMap<CloseName, number>;
}

/** What is counted one by one; the rest is known. */
export function clientFigures(
  clients: Iterable<Client>,
): Omit<ClientFigures, 'closes' | 'outboundBytes' | 'apiBytes'> {
  const byProfile = new Map([
    ['none', 0],
    ['legacy', 0],
    ['web', 0],
    ['modern', 0],
  ]);
  let outboundFrameCount = 0;
  let unansweredCount = 0;
  let heldCount = 0;
  for (const client of clients) {
    const profile = client.profile === undefined ? 'none' : client.dialect;
    byProfile.set(profile, (byProfile.get(profile) ?? 0) + 1);
    outboundFrameCount += client.outbound.frameCount;
    unansweredCount += client.unansweredCount;
    heldCount += client.held?.length ?? 0;
  }
  return { byProfile, outboundFrameCount, unansweredCount, heldCount };
}
