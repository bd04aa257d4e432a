/**
 * `client.conversations`: the user's conversations as the last sync and the pushes since have them, his settings of
 * them, and what is unread.
 */
import { countOf, understood, type Call } from './answers.js';
import { imError } from '../../im/errors.js';
import { isJsonObject } from '../../im/message/json_fields.js';
import type { Inbox } from './inbox.js';
import type { ConversationSettings, ConversationView, UnreadTotals } from './types.js';
import { readSettings } from './wire.js';

export class ConversationList {
  readonly #inbox: Inbox;
  readonly #call: Call;

  constructor(inbox: Inbox, call: Call) {
    this.#inbox = inbox;
    this.#call = call;
  }

  all(): ConversationView[] {
    return Array.from(this.#inbox.conversations.all(), (conversation) => conversation.view);
  }

  find(conv: string): ConversationView | undefined {
    return this.#inbox.conversations.find(conv)?.view;
  }

  /** The user has read everything up to `seq`, at most what was shown: told to the peer and to his other devices. */
  markRead(conv: string, seq: number): void {
    this.#inbox.markRead(conv, seq);
  }

  /** He has read all of it. */
  markAllRead(conv: string): void {
    this.#inbox.markRead(conv, Infinity);
  }

  /**
   * The app shows it from now on: where the interest is `count` or `muted`, what it lacks is fetched, now and while
   * it is open. False where there is no such conversation.
   */
  open(conv: string): boolean {
    return this.#inbox.setOpen(conv, true);
  }

  close(conv: string): void {
    this.#inbox.setOpen(conv, false);
  }

  /** Absent fields stay as they are; resolves with what holds then. NO_PERMISSION, CONTENT_TOO_LARGE (the draft). */
  async set(conv: string, change: Partial<ConversationSettings>): Promise<ConversationSettings> {
    if (Object.keys(change).length === 0) throw imError('INVALID_PARAMETER', 'nothing to be changed');
    return this.#settings({ ...change, conv });
  }

  /** As the server has them now; `find(conv).settings` is what this device knows. */
  settings(conv: string): Promise<ConversationSettings> {
    return this.#settings({ conv });
  }

  /** What this device knows, right after each message and each reading; no request. */
  unread(): UnreadTotals {
    return this.#inbox.conversations.unread();
  }

  /** As the server counts: also what this device has not been told yet. */
  async unreadOnServer(): Promise<UnreadTotals> {
    const data = await this.#call('conversation/unread', {});
    const row = understood(isJsonObject(data) ? data : undefined, 'conversation/unread');
    return {
      unread: countOf(row['unread']),
      muted: countOf(row['muted']),
      mentions: countOf(row['mentions']),
      conversations: countOf(row['conversations']),
    };
  }

  async #settings(data: { readonly conv: string }): Promise<ConversationSettings> {
    const answer = await this.#call('conversation/settings', data);
    const row = understood(isJsonObject(answer) ? answer : undefined, 'conversation/settings');
    this.#inbox.settingsChanged({ conv: data.conv, settings: row['settings'] });
    return readSettings(row['settings']);
  }
}
