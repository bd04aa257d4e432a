/**
 * The content of events that change or mark a message of the same log, as JSON text: an edit, a reaction, a pin.
 * Each names its target by mid, client id and place, so that every profile finds it in its own terms.
 */
import { toMid, toSeq, type Mid, type Seq } from './ids.js';
import { isJsonObject, type JsonObject } from './json_fields.js';

export interface EventTarget {
  readonly mid: Mid;
  readonly clientId: string;
  readonly seq: Seq;
}

export interface EditContent extends EventTarget {
  /** What the message says now. */
  readonly content: string;
}

export interface ReactionContent extends EventTarget {
  /** Text of the apps' own choice, usually one emoji; REACTION_BYTES at most. */
  readonly emoji: string;
  readonly on: boolean;
}

export interface PinContent extends EventTarget {
  readonly on: boolean;
}

export const REACTION_BYTES = 64;

export function editContent({ mid, clientId, seq, content }: EditContent): string {
  return JSON.stringify({ mid, clientId, seq, content });
}

export function reactionContent({ mid, clientId, seq, emoji, on }: ReactionContent): string {
  return JSON.stringify({ mid, clientId, seq, emoji, on });
}

export function pinContent({ mid, clientId, seq, on }: PinContent): string {
  return JSON.stringify({ mid, clientId, seq, on });
}

/** Undefined where `content` is none of ours; so below. */
export function readEdit(content: string): EditContent | undefined {
  const value = objectOf(content);
  const target = targetOf(value);
  const text = value?.['content'];
  return target === undefined || typeof text !== 'string' ? undefined : { ...target, content: text };
}

export function readReaction(content: string): ReactionContent | undefined {
  const value = objectOf(content);
  const target = targetOf(value);
  const emoji = value?.['emoji'];
  if (target === undefined || typeof emoji !== 'string') return undefined;
  return { ...target, emoji, on: value?.['on'] === true };
}

export function readPin(content: string): PinContent | undefined {
  const value = objectOf(content);
  const target = targetOf(value);
  return target === undefined ? undefined : { ...target, on: value?.['on'] === true };
}

function objectOf(content: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(content);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function targetOf(value: JsonObject | undefined): EventTarget | undefined {
  const mid = toMid(value?.['mid']);
  const seq = toSeq(value?.['seq']);
  const clientId = value?.['clientId'];
  if (mid === undefined || seq === undefined || typeof clientId !== 'string') return undefined;
  return { mid, clientId, seq };
}
