/** What an app does with what its client tells: messages with their last words, and a copy of the list of conversations. */
import type { SailplaneClient } from '../../sdk/src/client.js';
import type { ConversationView, Message } from '../../sdk/src/types.js';

/** What a message says now; undefined: it was taken back. */
export type Words = string | undefined;

export class Screen {
  /** By conversation, then place: what outlives the client, as an app keeps it on a disk. */
  readonly messages = new Map<string, Map<number, Message>>();
  readonly words = new Map<string, Map<number, Words>>();
  readonly faults: string[] = [];
  /** The events of logs, by place, in the order in which clients that remember one another told them. */
  #last = new Map<string, number>();
  readonly #begun = new Map<string, number>();
  /** The list as an app has it that looks only where it is told to. */
  #list = new Map<string, ConversationView>();

  get list(): ReadonlyMap<string, ConversationView> {
    return this.#list;
  }

  /** Another run begins; `hasDied`: what was shown since it saved last comes again. */
  follow(client: SailplaneClient, hasDied: boolean): void {
    if (hasDied) this.#last = new Map();
    const list = (this.#list = new Map<string, ConversationView>());
    const look = (conv: string): void => {
      const view = client.conversations.find(conv);
      if (view !== undefined) list.set(conv, view);
    };
    const event = ({ conv, seq }: { readonly conv: string; readonly seq: number }): void => {
      this.#place(conv, seq);
      look(conv);
    };
    client.on('message', (message) => {
      event(message);
      this.#of(this.messages, message.conv).set(message.seq, message);
      this.#say(message.conv, message.seq, message.status === 0 ? message.content : undefined);
    });
    client.on('recalled', ({ conv, seq }) => {
      this.#say(conv, seq, undefined);
      look(conv);
    });
    client.on('edited', (edited) => {
      event(edited);
      this.#say(edited.conv, edited.target.seq, edited.content);
    });
    client.on('reacted', event);
    client.on('pinned', event);
    client.on('notice', event);
    client.on('conversation', (view) => void list.set(view.conv, view));
    client.on('synced', () => {
      for (const view of client.conversations.all()) list.set(view.conv, view);
    });
  }

  /** The first event of it that was ever shown here. */
  begunAt(conv: string): number {
    return this.#begun.get(conv) ?? Infinity;
  }

  #place(conv: string, seq: number): void {
    this.#begun.set(conv, Math.min(seq, this.begunAt(conv)));
    const last = this.#last.get(conv) ?? 0;
    if (seq <= last) this.faults.push(`${conv}#${seq} comes after #${last}`);
    this.#last.set(conv, Math.max(seq, last));
  }

  #say(conv: string, seq: number, words: Words): void {
    const said = this.#of(this.words, conv);
    if (!said.has(seq) || said.get(seq) !== undefined) said.set(seq, words);
  }

  #of<Value>(all: Map<string, Map<number, Value>>, conv: string): Map<number, Value> {
    const known = all.get(conv) ?? new Map<number, Value>();
    all.set(conv, known);
    return known;
  }
}
