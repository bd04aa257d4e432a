/** One connection of a member in the list of a group. */
import type { ConversationName } from '../../message/conversation.js';
import type { Gid } from '../../message/ids.js';
import type { Client } from '../client.js';
import type { GroupPlace } from './group_place.js';

export interface GroupSlot extends GroupPlace {
  readonly client: Client;
  readonly gid: Gid;
  readonly conv: ConversationName;
  /** The first of what is in `untoldCount`. */
  untoldFromSeq: number;
}
