/**
 * Writing one event, with what it does to a message, in a conversation of any kind: what both kinds have in common.
 * Every request is answered here, once.
 */
import type { ChatEvent } from '../../im/message/message.js';
import type { LogState, Times } from './conversation_table.js';
import type { Refusal } from './flat_batch.js';
import type { FlatAnswers, FlatRequest } from './flat_reader.js';
import type { LogRows } from './log_rows.js';
import type { ChangeScene, MessageChange } from './message_change.js';
import type { Verdict } from './write_rights.js';

/** What makes a conversation of two another thing than a group. */
export interface WriteRules<State extends LogState> {
  readonly isGroup: boolean;
  /** Whether the event may be written by whoever it is from. */
  verdict(state: State, request: FlatRequest, nowMs: number): Verdict;
  /** Makes the conversation that does not exist yet; why it cannot be. */
  create(state: State, times: Times): Refusal | undefined;
  memberCount(state: State): number;
  /** Whether `by` may do that with a message of `sender`, of whom he is not one. */
  may(state: State, by: number, operation: 'recallOthers' | 'pin', sender: number): boolean;
}

/** One request, where it is and when. */
export interface Writing<State extends LogState> {
  readonly request: FlatRequest;
  readonly state: State;
  readonly rules: WriteRules<State>;
  readonly times: Times;
}

export class AppendEvents {
  readonly #rows: LogRows;
  readonly #changes: MessageChange;

  constructor(rows: LogRows, changes: MessageChange) {
    this.#rows = rows;
    this.#changes = changes;
  }

  /** True where a new row was written. */
  write<State extends LogState>(writing: Writing<State>, answers: FlatAnswers): boolean {
    const { request, state, rules, times } = writing;
    const refusal = this.#refusal(writing);
    const written = refusal === undefined ? this.#rows.insert(request, state, times.nowMs) : undefined;
    if (written !== undefined) {
      answers.stored(written, rules.memberCount(state));
      return true;
    }
    // A retry is answered as such, also where its sender has lost the right since.
    const original = this.#rows.originalOf(request, state);
    if (original !== undefined) answerDuplicate(request, original, answers);
    else answers.refused(refusal ?? this.#rows.taken(request.mid));
    return false;
  }

  /**
   * A recall, an edit, a reaction, a pin. That of a message where it has been done already is the duplicate; else it
   * is done with its event or not at all.
   */
  change<State extends LogState>(writing: Writing<State>, answers: FlatAnswers): void {
    const { request, state } = writing;
    const original = request.hasEvent ? this.#rows.originalOf(request, state) : undefined;
    if (original !== undefined) {
      answerDuplicate(request, original, answers);
      return;
    }
    const scene = sceneOf(writing);
    const refusal = this.#changeRefusal(writing, scene);
    if (refusal === 'nothing') {
      answers.changed();
      return;
    }
    if (refusal !== undefined) {
      answers.refused(refusal);
      return;
    }
    if (request.hasEvent && !this.write(writing, answers)) return;
    this.#changes.apply(request, scene, request.hasEvent ? state.lastSeq : 0);
    if (!request.hasEvent) answers.changed();
  }

  #changeRefusal<State extends LogState>(
    { request, state, rules, times }: Writing<State>,
    scene: ChangeScene,
  ): Refusal | 'nothing' | undefined {
    if (rules.isGroup) {
      // Before anything is said of the message: who is no member learns nothing of it.
      const verdict = rules.verdict(state, request, times.nowMs);
      if (verdict !== 'ok') return verdict;
    }
    return state.id === 0 ? 'NO_SUCH_MESSAGE' : this.#changes.refusal(request, scene);
  }

  /** Why the request may not be stored; makes the conversation where nothing stands against it. */
  #refusal<State extends LogState>({ request, state, rules, times }: Writing<State>): Refusal | undefined {
    const verdict = rules.verdict(state, request, times.nowMs);
    if (verdict !== 'ok') return verdict;
    if (request.midIsClaimed && !this.#rows.isInBlock(request)) return 'MID_NOT_YOURS';
    if (state.id !== 0) return undefined;
    return this.#rows.isMidTaken(request.mid) ? 'MID_TAKEN' : rules.create(state, times);
  }
}

/** Events of two kinds never stand for each other, whatever their client ids say. */
export function answerDuplicate(request: FlatRequest, original: ChatEvent, answers: FlatAnswers): void {
  if (original.kind === request.kind) answers.duplicate(original);
  else answers.refused('BAD_CLIENT_ID');
}

function sceneOf<State extends LogState>({ request, state, rules, times }: Writing<State>): ChangeScene {
  return {
    id: state.id,
    lastSeq: state.lastSeq,
    nowMs: times.nowMs,
    stampMs: times.stampMs,
    may: (operation, sender) => rules.may(state, request.changeUid, operation, sender),
    isGroup: rules.isGroup,
  };
}
