/**
 * The group of everybody who wants to: whoever speaks in it for the first time has joined it by that. Clients of that
 * kind know no other way in.
 */
import { randomUUID } from 'node:crypto';
import type { CodedError } from '../../pkg/errors/coded_error.js';
import { flag, type OptionsOf } from '../../pkg/config/option.js';
import type { Groups } from '../group/interface.js';
import { groupConversation } from '../message/conversation.js';
import { WORLD_GID } from '../message/group.js';
import type { Device, PeerId, Uid } from '../message/ids.js';
import { EVENT_KIND } from '../message/message.js';
import { NOTICE_TYPE } from '../message/notice.js';
import type { AppendListener } from '../store/interface.js';

export const WORLD_OPTIONS = {
  worldChannel: flag(
    true,
    'Whether there is a group of everybody, which older web clients call the_world_channel and enter by speaking ' +
      'in it. Off: no such group.',
  ),
};
export type WorldOptions = OptionsOf<typeof WORLD_OPTIONS>;

/** It counts among nobody's groups. */
const NO_GROUP_LIMIT = 2 ** 31 - 1;

export class WorldChannel {
  readonly #options: WorldOptions;
  readonly #groups: Pick<Groups, 'enqueue'>;

  constructor(options: WorldOptions, deps: { readonly groups: Pick<Groups, 'enqueue'> }) {
    this.#options = options;
    this.#groups = deps.groups;
  }

  isIt(to: PeerId): boolean {
    return to === WORLD_GID;
  }

  /** There is no such group. */
  isClosed(to: PeerId): boolean {
    return this.isIt(to) && !this.#options.worldChannel;
  }

  /**
   * Lets `uid` in, before whatever he says after this: a group's changes and messages keep their order. `listener`
   * hears that it has been tried; why he may not come in (banned, full) is no answer to a message.
   */
  join<Context>(
    uid: Uid,
    device: Device,
    listener: AppendListener<Context>,
    context: Context,
  ): CodedError | undefined {
    const clientId = `join-${randomUUID()}`;
    const event = {
      ...{ kind: EVENT_KIND.notice, from: uid, device, to: WORLD_GID, clientId, mid: 0 as const },
      ...{ type: NOTICE_TYPE, content: '', sentAtMs: 0 },
    };
    const change = {
      ...({ kind: 'group', by: uid, do: 'add', uids: [uid], how: 'open', code: '' } as const),
      groupLimit: NO_GROUP_LIMIT,
    };
    const draft = { conv: groupConversation(WORLD_GID), event, change, isAnswered: false };
    return this.#groups.enqueue(draft, listener, context);
  }
}
