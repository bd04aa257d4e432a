/** conversation/settings: how one user wants to have one conversation, told to his other devices at once. */
import type { Logger } from '../../pkg/log/logger.js';
import type { Dispatch } from '../dispatch/interface.js';
import { imError } from '../errors.js';
import { isLongerThan } from '../message/client_id.js';
import { groupOf, type ConversationName } from '../message/conversation.js';
import { DRAFT_BYTES, type ConversationSettings } from '../message/settings.js';
import type { EventStore } from '../store/event_interface.js';
import type { MessageStore } from '../store/interface.js';
import type { Caller } from './interface.js';

export interface SettingsApiDeps {
  readonly messages: Pick<MessageStore, 'conversations'>;
  readonly events: Pick<EventStore, 'setSettings'>;
  readonly dispatch: Pick<Dispatch, 'deliver' | 'setInterest'>;
  readonly logger: Logger;
}

export class SettingsApi {
  readonly #deps: SettingsApiDeps;
  /** The last change of each that is under way: as many as there are requests. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(deps: SettingsApiDeps) {
    this.#deps = deps;
  }

  /** As they are then; an empty change only asks. Throws NO_PERMISSION, CONTENT_TOO_LARGE (the draft). */
  async settings(
    conv: ConversationName,
    change: Partial<ConversationSettings>,
    caller: Caller,
  ): Promise<unknown> {
    if (Object.keys(change).length === 0) return { conv, settings: await this.#read(conv, caller) };
    const { draft, interest } = change;
    if (draft !== undefined && isLongerThan(draft, DRAFT_BYTES)) throw imError('CONTENT_TOO_LARGE', 'draft');
    if (interest !== undefined && interest !== 'full' && groupOf(conv) === undefined)
      throw imError('INVALID_PARAMETER', 'interest is of groups');
    return this.#inTurn(`${caller.uid}/${conv}`, () => this.#change(conv, change, caller));
  }

  async #change(
    conv: ConversationName,
    change: Partial<ConversationSettings>,
    caller: Caller,
  ): Promise<unknown> {
    const settings = await this.#deps.events.setSettings(caller.uid, conv, change);
    await this.#tell(conv, settings, change.interest !== undefined, caller);
    return { conv, settings };
  }

  /** Told in the order in which they are stored: each tells all settings, and nothing in it says which is the last. */
  #inTurn(key: string, work: () => Promise<unknown>): Promise<unknown> {
    const turn = this.#turns.get(key)?.then(work, work) ?? work();
    this.#turns.set(key, turn);
    const end = (): void => {
      if (this.#turns.get(key) === turn) this.#turns.delete(key);
    };
    turn.then(end, end);
    return turn;
  }

  async #read(conv: ConversationName, { uid, device }: Caller): Promise<ConversationSettings> {
    const [row] = await this.#deps.messages.conversations(uid, device, 1, conv);
    if (row === undefined) throw imError('NO_PERMISSION');
    return row.settings;
  }

  /** They are stored: what cannot be told now is found by the next sync, and at the next sign-in. */
  async #tell(
    conv: ConversationName,
    settings: ConversationSettings,
    isInterest: boolean,
    { uid, device }: Caller,
  ): Promise<void> {
    const gid = groupOf(conv);
    try {
      if (isInterest && gid !== undefined)
        await this.#deps.dispatch.setInterest([{ uid, gid, interest: settings.interest }]);
      const frame = { kind: 'settings', conv, settings } as const;
      await this.#deps.dispatch.deliver([{ frame, recipients: [{ uid, exceptDevice: device }] }]);
    } catch (error) {
      this.#deps.logger.warn({ err: error, uid }, 'settings of a conversation not told');
    }
  }
}
