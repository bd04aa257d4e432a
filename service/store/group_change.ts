/** One change of a group while it is decided, and what becomes of it. */
import type { GroupNotice } from '../../im/message/notice.js';
import type { GroupChange, GroupDeed } from '../../im/store/group_interface.js';
import type { Times } from './conversation_table.js';
import type { Refusal } from './flat_batch.js';
import type { GroupState, Member } from './group_states.js';

export type ChangeOf<Deed extends GroupDeed> = Extract<GroupChange, { readonly do: Deed }>;

export interface GroupCase<Deed extends GroupDeed = GroupDeed> {
  readonly change: ChangeOf<Deed>;
  readonly state: GroupState;
  /** Whoever does it, as he stands now. */
  readonly actor: Member;
  readonly times: Times;
  /** Of the request. */
  readonly clientId: Uint8Array;
}

/** To be told: `apply` is called once the notice has its seq. */
export interface Told {
  readonly notice: GroupNotice;
  readonly apply: (seq: number) => void;
}

/** Refused; done without a word, or so already; asked again; or to be told. */
export type Decision = { readonly refused: Refusal } | 'changed' | 'repeated' | Told;

export function refused(refusal: Refusal): Decision {
  return { refused: refusal };
}
