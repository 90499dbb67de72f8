import { type Event, HubbubError, type Subscription } from '@hubbub/client';
import { CommandError } from '../fail.ts';
import { eventLine } from '../line.ts';
import { connectTo, type TargetOptions } from '../target.ts';

export interface TailOptions extends TargetOptions {
  readonly after?: string;
  readonly json?: boolean;
}

/** So many bytes may wait for whoever reads what is printed. */
const enough = 1_024 * 1_024;

/**
 * Prints a channel's events, one a line, for as long as somebody reads them. While he is slow no more is asked for: the log keeps it, we
 * need not. What happens to the link is said on stderr.
 */
export async function tail(channel: string, { after, json, ...target }: TailOptions): Promise<void> {
  const say = (text: string): void => void process.stderr.write(`hubbub: ${text}\n`);
  // `live` and the like are said below, as they change.
  const { client, trouble } = connectTo(target, () => {});
  const ended = Promise.withResolvers<void>();
  let subscription: Subscription | undefined;
  let waiting = false;
  const listen = (position: string | undefined): void => {
    subscription = client.subscribe(channel, {
      ...(position !== undefined && { position }),
      onEvents: print,
      onReset: (reason) =>
        say(reason === 'trimmed' ? 'older events are no longer kept' : `what was printed is another history (${reason})`),
      onState: (state) => {
        if (state.state === 'gone') ended.reject(new CommandError(`${channel} is not to be read (${state.code})`));
      },
    });
  };
  const print = (events: readonly Event[]): void => {
    const position = subscription?.position;
    const epoch = position?.split('~')[1];
    // With its position, so that whoever reads the lines can go on behind any of them.
    const lines = events.map((event) => (json ? JSON.stringify({ ...event, position: `${event.offset}~${epoch}` }) : eventLine(event)));
    process.stdout.write(`${lines.join('\n')}\n`);
    if (process.stdout.writableLength < enough) return;
    waiting = true;
    subscription?.close();
    process.stdout.once('drain', () => {
      waiting = false;
      listen(position);
    });
  };
  process.once('SIGINT', ended.resolve);
  process.once('SIGTERM', ended.resolve);
  process.stdout.on('error', (error: NodeJS.ErrnoException) => (error.code === 'EPIPE' ? ended.resolve() : ended.reject(error)));
  let said = '';
  client.onStatus(({ state }) => {
    // Without its subscription it has nothing to say.
    if (waiting) return;
    if (state !== said && state !== 'closed' && state !== 'refused') say(state);
    said = state;
  });
  try {
    listen(after);
    await Promise.race([ended.promise, trouble]);
    if (subscription?.position !== undefined) say(`read up to ${subscription.position}`);
  } catch (error) {
    throw error instanceof HubbubError ? new CommandError(error.message, 2) : error;
  } finally {
    client.close();
  }
}
