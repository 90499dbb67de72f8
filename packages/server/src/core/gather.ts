import type { Env } from '@hubbub/protocol/env';

interface Asked<Question, Answer> {
  readonly question: Question;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Gathers the questions of one turn of the event loop into one call with a list: five thousand clients that come back at once ask the
 * store and the authority a few times, not five thousand times.
 */
export class Gather<Question, Answer> {
  readonly #env: Pick<Env, 'turn'>;
  readonly #call: (questions: readonly Question[]) => Promise<readonly Answer[]>;
  readonly #most: number;
  #waiting: Asked<Question, Answer>[] = [];

  /** `call` answers in the order asked; it gets at most `most` questions at once. */
  constructor(env: Pick<Env, 'turn'>, most: number, call: (questions: readonly Question[]) => Promise<readonly Answer[]>) {
    this.#env = env;
    this.#most = most;
    this.#call = call;
  }

  ask(question: Question): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.#waiting.push({ question, resolve, reject });
    if (this.#waiting.length === 1) this.#env.turn(() => this.#flush());
    return promise;
  }

  #flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (let at = 0; at < waiting.length; at += this.#most) void this.#askAll(waiting.slice(at, at + this.#most));
  }

  async #askAll(asked: readonly Asked<Question, Answer>[]): Promise<void> {
    try {
      const answers = await this.#call(asked.map(({ question }) => question));
      asked.forEach(({ resolve, reject }, at) => {
        const answer = answers[at];
        if (answer === undefined) reject(new Error('a question without an answer'));
        else resolve(answer);
      });
    } catch (error) {
      for (const { reject } of asked) reject(error);
    }
  }
}
