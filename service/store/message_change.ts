/** What a change of a message (recall, edit, reaction, pin) is to the append: judged first, written with its event. */
import type { Refusal } from './flat_batch.js';
import type { FlatRequest } from './flat_reader.js';

/** Where and when it happens, as things are at this point of the batch. */
export interface ChangeScene {
  /** Of the conversation; it exists. */
  readonly id: number;
  /** Of its log, with what this batch has written. */
  readonly lastSeq: number;
  readonly nowMs: number;
  /** What sync goes by. */
  readonly stampMs: number;
  /** What an admin of a group may do with a message of `sender`; in a conversation of two nobody may. */
  may(operation: 'recallOthers' | 'pin', sender: number): boolean;
  readonly isGroup: boolean;
}

export interface MessageChange {
  /** Why it may not be done; `nothing`: it is so already, and no event is written. Writes nothing. */
  refusal(request: FlatRequest, scene: ChangeScene): Refusal | 'nothing' | undefined;
  /** `seq`: of the event that says so, which has just been written; 0: there is none. */
  apply(request: FlatRequest, scene: ChangeScene, seq: number): void;
}
