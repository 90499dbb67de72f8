import { type Event, HubbubError, type Subscription } from '@hubbub/client';
import { CommandError } from '../fail.ts';
import { eventLine } from '../line.ts';
import { connectTo, type TargetOptions } from '../target.ts';

export interface TailOptions extends TargetOptions {
  readonly after?: string;
  readonly json?: boolean;
}

/** Prints a channel's events, one a line, for as long as somebody reads them. What happens to the link is said on stderr. */
export async function tail(channel: string, { after, json, ...target }: TailOptions): Promise<void> {
  const say = (text: string): void => void process.stderr.write(`hubbub: ${text}\n`);
  // `live` and the like are said below, as they change.
  const { client, trouble } = connectTo(target, () => {});
  let subscription: Subscription | undefined;
  const print = (events: readonly Event[]): void => {
    const epoch = subscription?.position?.split('~')[1];
    // With its position, so that whoever reads the lines can go on behind any of them.
    const lines = events.map((event) => (json ? JSON.stringify({ ...event, position: `${event.offset}~${epoch}` }) : eventLine(event)));
    process.stdout.write(`${lines.join('\n')}\n`);
  };
  const ended = new Promise<void>((resolve, reject) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
    process.stdout.on('error', (error: NodeJS.ErrnoException) => (error.code === 'EPIPE' ? resolve() : reject(error)));
    let said = '';
    client.onStatus(({ state }) => {
      if (state !== said && state !== 'closed' && state !== 'refused') say(state);
      said = state;
    });
    try {
      subscription = client.subscribe(channel, {
        ...(after !== undefined && { position: after }),
        onEvents: print,
        onReset: (reason) =>
          say(reason === 'trimmed' ? 'older events are no longer kept' : `what was printed is another history (${reason})`),
        onState: (state) => {
          if (state.state === 'gone') reject(new CommandError(`${channel} is not to be read (${state.code})`));
        },
      });
    } catch (error) {
      reject(error instanceof HubbubError ? new CommandError(error.message, 2) : error);
    }
  });
  try {
    await Promise.race([ended, trouble]);
    if (subscription?.position !== undefined) say(`read up to ${subscription.position}`);
  } finally {
    client.close();
  }
}
