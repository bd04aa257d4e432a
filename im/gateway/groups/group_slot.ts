/** One connection of a member in the list of a group: its place is stable while a fan-out passes over the list. */
import type { Interest } from '../../message/settings.js';
import type { Client } from '../client.js';
import type { GroupChannel } from './group_channel.js';

export interface GroupSlot {
  readonly client: Client;
  readonly channel: GroupChannel;
  /** Only what comes after it is pushed here. */
  readonly sinceSeq: number;
  interest: Interest;
  index: number;
  /** Messages that it has not been told of, where the interest is `count`. */
  untoldCount: number;
}
