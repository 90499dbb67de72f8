import { isPassing, type Problem } from '@hubbub/protocol/codes';

/** What goes wrong between client and server. The code is for programs (PROTOCOL, "Codes"), the message for people. */
export class HubbubError extends Error {
  readonly code: string;
  /** Milliseconds after which the server would like to be asked again. */
  readonly retryAfter: number | undefined;

  constructor(code: string, text: string, retryAfter?: number) {
    super(text);
    this.name = 'HubbubError';
    this.code = code;
    this.retryAfter = retryAfter;
  }

  /** Whether the same may succeed later. */
  get passing(): boolean {
    return this.code === 'link_lost' || this.code === 'timeout' || isPassing(this.code, this.retryAfter);
  }

  static of(problem: Omit<Problem, 'code'> & { readonly code: string }): HubbubError {
    return new HubbubError(problem.code, problem.text, problem.retryAfter);
  }
}
