/**
 * Content types are the apps' own, but two of them are notices to the older clients: 100 is a recall to the public
 * Java SDK, and 100 and 101 say to the public TypeScript SDK who joined and left. Nobody may forge one by sending a
 * message of that type: to those clients it is a text. It is stored, and shown to others, as it was sent.
 */
import { EVENT_KIND, type ChatEvent } from './message.js';

const TEXT = 1;
/** What the public TypeScript SDK reads as «joined» and «left»; the content is a uid. */
export const WEB_JOINED_TYPE = 100;
export const WEB_LEFT_TYPE = 101;
const NOTICES: ReadonlySet<number> = new Set([WEB_JOINED_TYPE, WEB_LEFT_TYPE]);

/** The type of a message (not of a recall) for older clients. */
export function oldClientType({ type }: Pick<ChatEvent, 'type'>): number {
  return NOTICES.has(type) ? TEXT : type;
}

/** Whether an event stands in the lists of messages that older clients read: they know no edits, pins or notices there. */
export function isInOldLists({ kind }: Pick<ChatEvent, 'kind'>): boolean {
  return kind === EVENT_KIND.message || kind === EVENT_KIND.recall;
}
