/**
 * Many single questions, few reads: what is asked while a read is under way is asked together in the next one, so
 * an idle caller waits for nothing and a crowd shares. Every answer is read after its question was put.
 */
interface Waiting<Question, Answer> {
  readonly question: Question;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

export class Gather<Question, Answer> {
  readonly #read: (questions: readonly Question[]) => Promise<readonly Answer[]>;
  readonly #batchCount: number;
  /** Bounded by whoever asks: each waits for its answer. */
  readonly #waiting: Waiting<Question, Answer>[] = [];
  #isReading = false;

  /** `read` answers at most `batchCount` questions in their order; what it rejects with, all of them hear. */
  constructor(read: (questions: readonly Question[]) => Promise<readonly Answer[]>, batchCount: number) {
    this.#read = read;
    this.#batchCount = batchCount;
  }

  ask(question: Question): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ question, resolve, reject });
      if (this.#isReading) return;
      this.#isReading = true;
      // After this turn's other questions.
      setImmediate(() => void this.#run());
    });
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, this.#batchCount);
      try {
        const answers = await this.#read(batch.map(({ question }) => question));
        if (answers.length !== batch.length) throw new RangeError('not one answer per question');
        for (const [index, answer] of answers.entries()) batch[index]?.resolve(answer);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#isReading = false;
  }
}
