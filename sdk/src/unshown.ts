/**
 * What conversations learn of events that are not shown: those that are only counted, and those that wait for others
 * before them, which of a group that is only counted nobody fetches. What cannot be known by that the server is asked.
 */
import type { Conversation } from './conversation.js';
import { bringsIn, takesOut } from './happenings.js';
import type { Count, SyncedConversation } from './wire.js';
import type { LogEvent } from './wire_events.js';

export interface UnshownDeps {
  uid(): number;
  /** What is unread somewhere is to be asked for, a little later: so many times the usual wait. */
  recount(wait: number): void;
  /** Something else than a message changed it: the app is told. */
  changed(conversation: Conversation): void;
}

export class Unshown {
  readonly #deps: UnshownDeps;

  constructor(deps: UnshownDeps) {
    this.#deps = deps;
  }

  /** It has just been shown. */
  passed(conversation: Conversation, event: LogEvent): void {
    conversation.passed(event, this.#deps.uid());
    if (event.recalls !== undefined) this.#check(conversation);
  }

  counted(conversation: Conversation, count: Count): void {
    conversation.counted(count);
    this.#check(conversation);
    this.#deps.changed(conversation);
  }

  /** Up to some place, here or on another device. */
  read(conversation: Conversation): void {
    this.#check(conversation);
    this.#deps.changed(conversation);
  }

  /** The server's word; `isTold`: the app is told what it changes. */
  synced(conversation: Conversation, row: SyncedConversation, isTold: boolean): void {
    const { summary, isMiscounted } = conversation;
    conversation.synced(row);
    // It is older than what was shown, and tells of reading elsewhere.
    if (!isMiscounted) this.#check(conversation);
    if (isTold && conversation.summary !== summary) this.#deps.changed(conversation);
  }

  /** The app does not look at it any more. */
  leftBehind(conversation: Conversation): void {
    conversation.leftBehind();
    this.#check(conversation);
  }

  /** Received, but not shown yet, or never. */
  received(conversation: Conversation, event: LogEvent): void {
    if (this.memberChanged(conversation, event)) this.#deps.changed(conversation);
    if (conversation.isFollowed || event.recalls === undefined) return;
    conversation.recalledUnshown(event.recalls.seq);
    this.#check(conversation);
  }

  /** False where it is about others, or known. */
  memberChanged(conversation: Conversation, event: LogEvent): boolean {
    const isIn = bringsIn(event, this.#deps.uid());
    if (!isIn && !takesOut(event, this.#deps.uid())) return false;
    const isChanged = conversation.memberChanged(event.seq, isIn);
    // Where what was said without him may be read now, that may be more than is fetched.
    if (isChanged && isIn) conversation.miscounted();
    this.#check(conversation);
    return isChanged;
  }

  /** A sync was answered, before which it was miscounted: asked again where that did not help. */
  answered(conversation: Conversation): void {
    if (!conversation.isMiscounted) this.#deps.changed(conversation);
    else if (conversation.recount()) this.#deps.recount(conversation.recountWait);
  }

  /** A sync failed: what it was to say is still to be asked for. */
  failed(conversations: Iterable<Conversation>): void {
    for (const conversation of conversations) if (conversation.isMiscounted) this.answered(conversation);
  }

  #check(conversation: Conversation): void {
    if (conversation.isMiscounted) this.#deps.recount(conversation.recountWait);
  }
}
