/** What the client remembers between runs of the app: taken over at the start, given out to be saved. */
import type { Inbox } from './inbox.js';
import { readSavedState } from './saved_state.js';
import type { Sender } from './sender.js';
import type { SavedState } from './types.js';

export class Memory {
  readonly #inbox: Inbox;
  readonly #sender: Sender;
  #savedCursorMs = 0;

  constructor(inbox: Inbox, sender: Sender) {
    this.#inbox = inbox;
    this.#sender = sender;
  }

  /** The uid whose memory it is (0: there is none), and what was damaged ('' for nothing). */
  restore(memory: unknown): { readonly uid: number; readonly damage: string } {
    const { state, damage } = readSavedState(memory);
    if (state === undefined) return { uid: 0, damage };
    this.#savedCursorMs = state.cursorMs;
    this.#inbox.restore(state.epoch, state.cursorMs);
    this.#inbox.conversations.restore(state.conversations, state.uid);
    this.#sender.known(state.uid);
    this.#sender.restore(state.outbox);
    return { uid: state.uid, damage };
  }

  /** Everything up to the cursor has been shown. */
  synced(): void {
    this.#savedCursorMs = this.#inbox.cursorMs;
  }

  /** Another user: nothing here is his. */
  clear(): void {
    this.#savedCursorMs = 0;
  }

  state(uid: number): SavedState | undefined {
    if (uid === 0) return undefined;
    // A cursor behind which something is missing would hide it from the next run's sync.
    if (this.#inbox.conversations.areComplete) this.synced();
    return {
      uid,
      epoch: this.#inbox.epoch,
      cursorMs: this.#savedCursorMs,
      conversations: this.#inbox.conversations.save(),
      outbox: this.#sender.save(),
    };
  }
}
