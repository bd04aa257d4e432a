/**
 * The group room's port: everything that happens in a group goes through it, so that a group has one order and its
 * members one fan-out. The database decides numbers, duplicates and rights; the owner only gathers and delivers.
 * Local implementation: im/group/local_groups.ts.
 */
import type { CodedError } from '../../pkg/errors/coded_error.js';
import type { Gid } from '../message/ids.js';
import type { AppendAnswer, AppendDraft, AppendListener } from '../store/interface.js';

export interface GroupDraft extends AppendDraft {
  /** The event's device is told by an answer of its own, and gets no push of it. */
  readonly isAnswered: boolean;
}

export interface Groups {
  /**
   * A message, an event or a change of one group; as Appender.enqueue. What is stored is on its way to the members
   * when the listener is told.
   */
  enqueue<Context>(
    draft: GroupDraft,
    listener: AppendListener<Context>,
    context: Context,
  ): CodedError | undefined;
  append(draft: GroupDraft): Promise<Exclude<AppendAnswer, CodedError>>;
}

/** How many members groups had when something was last stored in them here: a hint, and not of all groups. */
export interface GroupSizes {
  /** Undefined: not known. */
  sizeOf(gid: Gid): number | undefined;
}
