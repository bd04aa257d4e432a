/**
 * Those who are joining the world channel by speaking in it, with what they said meanwhile: first what was refused
 * because they were not in yet, then what came after that was known. In this order it goes behind the joining.
 */
import type { Uid } from '../message/ids.js';

interface Newcomer<Said> {
  readonly refused: Said[];
  readonly held: Said[];
}

/** Held back of one newcomer: more than anybody says while a transaction is under way. */
const HELD_COUNT = 256;

export class Newcomers<Said> {
  /** As many as joinings under way; the queue that they wait in bounds them. */
  readonly #byUid = new Map<Uid, Newcomer<Said>>();

  has(uid: Uid): boolean {
    return this.#byUid.has(uid);
  }

  /** False: he is joining already, and this goes behind it too. */
  refused(uid: Uid, said: Said): boolean {
    const known = this.#byUid.get(uid);
    if (known === undefined) this.#byUid.set(uid, { refused: [said], held: [] });
    // As many as his connections may have unanswered.
    else known.refused.push(said);
    return known === undefined;
  }

  /** False: it is too much. */
  hold(uid: Uid, said: Said): boolean {
    const held = this.#byUid.get(uid)?.held;
    if (held === undefined || held.length >= HELD_COUNT) return false;
    held.push(said);
    return true;
  }

  /** The joining has been answered, whatever came of it. */
  take(uid: Uid): readonly Said[] {
    const newcomer = this.#byUid.get(uid);
    this.#byUid.delete(uid);
    return newcomer === undefined ? [] : [...newcomer.refused, ...newcomer.held];
  }
}
