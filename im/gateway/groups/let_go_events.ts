/**
 * For whom the events of one group were that came here and could not be kept: the log gives them back, and does not
 * say which device has an answer of its own, nor how large the group was.
 */
import type { GroupEvent } from './group_event.js';
import type { WaitingEvents } from './waiting_events.js';

export type Addressing = Pick<GroupEvent, 'audience' | 'except'>;

export class LetGoEvents {
  readonly #waiting: WaitingEvents;
  /** Few groups ever have any. */
  #addressings: Map<number, Addressing> | undefined;

  constructor(waiting: WaitingEvents) {
    this.#waiting = waiting;
  }

  add({ event: { seq }, audience, except }: GroupEvent): void {
    if (audience === 'members' && except === undefined) return;
    const addressings = (this.#addressings ??= new Map<number, Addressing>());
    if (addressings.has(seq) || !this.#waiting.mayLetGo) return;
    addressings.set(seq, { audience, except });
    this.#waiting.letGoCount++;
  }

  /** It came back, or nothing did. Undefined: for all, or it never came here, or there were too many. */
  take(seq: number): Addressing | undefined {
    const addressing = this.#addressings?.get(seq);
    if (addressing === undefined) return undefined;
    this.#addressings?.delete(seq);
    this.#waiting.letGoCount--;
    return addressing;
  }

  discard(): void {
    this.#waiting.letGoCount -= this.#addressings?.size ?? 0;
    this.#addressings = undefined;
  }
}
