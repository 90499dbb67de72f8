import type { Event } from '@hubbub/protocol/event';
import { HubbubError } from './error.ts';
import type { SubscribeOptions, Subscription } from './subscription.ts';

/** So many events may wait for whoever takes them; the log keeps the others. */
const most = 1_024;

export interface EventsOptions {
  /** `OFFSET~EPOCH`: all after it. `0`: all that is kept. Left out: from now on. */
  readonly position?: string;
  /** What was taken so far must be dropped, or a part is no longer kept. Left out, that ends the iteration with an error of this code. */
  readonly onReset?: SubscribeOptions['onReset'];
  /** Ends the iteration. */
  readonly signal?: AbortSignal;
}

/**
 * A channel's events, one after the other, for ever. While they are taken slowly no more is asked for than a few, and it goes on from
 * there. Throws a HubbubError when the channel may not be read (any more), at a reset that nobody listens to, and (`closed`) once the client
 * is closed; ends when `signal` does.
 */
export async function* eventsOf(
  subscribe: (options: SubscribeOptions) => Subscription,
  closing: AbortSignal,
  { position, onReset, signal }: EventsOptions,
): AsyncGenerator<Event, void, undefined> {
  let waiting: Event[] = [];
  let trouble: HubbubError | undefined;
  let wake = (): void => {};
  let from = position;
  let subscription: Subscription | undefined;
  const stop = (): void => {
    from = subscription?.position ?? from;
    subscription?.close();
    subscription = undefined;
  };
  const fail = (code: string, text: string): void => {
    trouble ??= new HubbubError(code, text);
    stop();
    wake();
  };
  const open = (): void => {
    subscription = subscribe({
      ...(from !== undefined && { position: from }),
      onEvents: (events) => {
        waiting.push(...events);
        if (waiting.length >= most) stop();
        wake();
      },
      onReset: (reason) => {
        if (!onReset) return fail(reason, 'what was read so far is void');
        if (reason !== 'trimmed') waiting = [];
        onReset(reason);
      },
      onState: (state) => {
        if (state.state === 'gone' && state.code !== 'closed') fail(state.code, 'this channel may not be read');
      },
    });
  };
  const ended = (): void => wake();
  signal?.addEventListener('abort', ended);
  closing.addEventListener('abort', ended);
  try {
    while (!signal?.aborted) {
      if (closing.aborted) throw new HubbubError('closed', 'the client was closed');
      const event = waiting.shift();
      if (event) yield event;
      else if (trouble) throw trouble;
      else {
        const { promise, resolve } = Promise.withResolvers<void>();
        wake = resolve;
        if (!subscription) open();
        if (waiting.length === 0 && !trouble) await promise;
      }
    }
  } finally {
    signal?.removeEventListener('abort', ended);
    closing.removeEventListener('abort', ended);
    stop();
  }
}
