/**
 * Content types are the apps' own, but two of them are notices to the older clients: 100 is a recall to the public
 * Java SDK, and 100 and 101 say to the public TypeScript SDK who joined and left. Nobody may forge one by sending a
 * message of that type: to those clients it is a text. It is stored, and shown to others, as it was sent.
 */
import type { ChatEvent } from './message.js';

const TEXT = 1;
const NOTICES: ReadonlySet<number> = new Set([100, 101]);

/** The type of a message (not of a recall) for older clients. */
export function oldClientType({ type }: Pick<ChatEvent, 'type'>): number {
  return NOTICES.has(type) ? TEXT : type;
}
