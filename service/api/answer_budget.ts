/**
 * How many bytes of answers HTTP clients may make this process hold: promised by the operation's class before an
 * answer is made, counted as they are once it is there, given back when its client has taken them or is gone.
 */
import { ANSWER_BYTES, type AnswerSize } from '../../im/message/answer_size.js';
import type { Uid } from '../../im/message/ids.js';

export interface AnswerBudgetOptions {
  readonly answerBytes: number;
  readonly userAnswerBytes: number;
}

interface UserAnswers {
  bytes: number;
  heavyCount: number;
}

/** The rest is for small answers: who does not read megabytes keeps nobody from signing in. */
const LARGER_SHARE = 0.75;

export class AnswerBudget {
  readonly #options: AnswerBudgetOptions;
  readonly #users = new Map<Uid, UserAnswers>();
  #bytes = 0;

  constructor(options: AnswerBudgetOptions) {
    this.#options = options;
  }

  /** Of answers that are being made or are not yet taken. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Undefined where this user has too much under way already. `uid` undefined: a stranger's. */
  enter(uid: Uid | undefined, size: AnswerSize): AnswerHold | undefined {
    const user = uid === undefined ? undefined : this.#users.get(uid);
    if (user !== undefined) {
      if (size === 'heavy' && user.heavyCount > 0) return undefined;
      if (user.bytes + ANSWER_BYTES[size] > this.#options.userAnswerBytes) return undefined;
    }
    const heavyCount = size === 'heavy' ? 1 : 0;
    this.#ofUser(uid, ANSWER_BYTES[size], heavyCount);
    let userBytes: number = ANSWER_BYTES[size];
    let bytes = 0;
    let isReleased = false;
    return {
      reserve: () => {
        const { answerBytes } = this.#options;
        const limit = size === 'small' ? answerBytes : answerBytes * LARGER_SHARE;
        if (isReleased || this.#bytes + userBytes > limit) return false;
        bytes = userBytes;
        this.#bytes += bytes;
        return true;
      },
      settle: (real) => {
        if (isReleased) return;
        this.#bytes += real - bytes;
        this.#ofUser(uid, real - userBytes, 0);
        bytes = userBytes = real;
      },
      release: () => {
        if (isReleased) return;
        isReleased = true;
        this.#bytes -= bytes;
        this.#ofUser(uid, -userBytes, -heavyCount);
      },
    };
  }

  #ofUser(uid: Uid | undefined, bytes: number, heavyCount: number): void {
    if (uid === undefined) return;
    const user = this.#users.get(uid) ?? { bytes: 0, heavyCount: 0 };
    user.bytes += bytes;
    user.heavyCount += heavyCount;
    // An answer has at least some bytes: none are left, none are under way.
    if (user.bytes === 0) this.#users.delete(uid);
    else this.#users.set(uid, user);
  }
}

/** One answer's part of it. */
export interface AnswerHold {
  /** Of what it may weigh, right before it is made. False: there is no room. */
  reserve(): boolean;
  /** It is made and weighs so much. */
  settle(bytes: number): void;
  /** It is not held any more; again does nothing. */
  release(): void;
}
