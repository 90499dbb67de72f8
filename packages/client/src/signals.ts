import { bodyText } from '@hubbub/protocol/body';
import { Refusal } from '@hubbub/protocol/codes';
import { limits } from '@hubbub/protocol/limits';
import { isChannel, isKind } from '@hubbub/protocol/names';
import { HubbubError } from './error.ts';

/** Signals without an answer: where the way is so slow, one more is of no use to anybody. */
const mostUnanswered = 16;

/** Somebody's signal: what passes, such as that he is typing. */
export interface Signal<Body = unknown> {
  readonly from: string;
  readonly kind: string;
  readonly body: Body;
}

export interface SignalsParts {
  isOpen(): boolean;
  /** Sends a `signal`; rejects with a HubbubError. */
  signal(members: string): Promise<unknown>;
}

/** Sends signals, at once or not at all: nothing waits for a link, and nobody waits for an answer. */
export class Signals {
  readonly #parts: SignalsParts;
  #unanswered = 0;

  constructor(parts: SignalsParts) {
    this.#parts = parts;
  }

  /** Throws a HubbubError for what the server would refuse for its form. */
  give(channel: string, kind: string, body: unknown): void {
    const members = membersOf(channel, kind, body);
    if (!this.#parts.isOpen() || this.#unanswered >= mostUnanswered) return;
    this.#unanswered += 1;
    const answered = (): void => {
      this.#unanswered -= 1;
    };
    this.#parts.signal(members).then(answered, answered);
  }
}

function membersOf(channel: string, kind: string, body: unknown): string {
  if (!isChannel(channel)) throw new HubbubError('bad_channel', 'this is no name of a channel');
  if (!isKind(kind)) throw new HubbubError('bad_kind', 'a kind is 1 to 32 of a-z 0-9 . _ -, a letter first');
  try {
    return `"channel":${JSON.stringify(channel)},"kind":"${kind}","body":${bodyText(body, limits.signalBytes)}`;
  } catch (error) {
    throw error instanceof Refusal ? HubbubError.of(error) : new HubbubError('bad_body', 'the body is no JSON value');
  }
}
