import { type Event, HubbubError } from '@hubbub/client';
import { CommandError } from '../fail.ts';
import { connectTo, refusal, type TargetOptions } from '../target.ts';

export interface TailOptions extends TargetOptions {
  readonly after?: string;
  readonly json?: boolean;
}

/** Prints a channel's events, one a line, for as long as somebody reads them. What happens to the link is said on stderr. */
export async function tail(channel: string, { after, json, ...target }: TailOptions): Promise<void> {
  const client = connectTo(target);
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  const ended = new Promise<void>((resolve, reject) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
    process.stdout.on('error', (error: NodeJS.ErrnoException) => (error.code === 'EPIPE' ? resolve() : reject(error)));
    let shown = '';
    client.onStatus(({ state }) => {
      if (state !== shown && state !== 'closed') say(state);
      shown = state;
    });
    try {
      client.subscribe(channel, {
        ...(after !== undefined && { position: after }),
        onEvents: (events) => process.stdout.write(events.map((event) => `${json ? JSON.stringify(event) : line(event)}\n`).join('')),
        onReset: (reason) => say(`begins anew: ${reason}`),
        onState: (state) => {
          if (state.state === 'gone') reject(new CommandError(`${channel} is not to be read (${state.code})`));
        },
      });
    } catch (error) {
      reject(error instanceof HubbubError ? new CommandError(error.message, 2) : error);
    }
  });
  try {
    await Promise.race([ended, refusal(client)]);
  } finally {
    client.close();
  }
}

function line({ offset, ts, from, kind, body }: Event): string {
  const text = typeof body === 'object' && body !== null && 'text' in body ? String(body.text) : JSON.stringify(body);
  // A terminal obeys control characters: what people have sent must not.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it takes out
  const plain = text.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
  return `${offset}\t${new Date(ts).toISOString()}\t${from}\t${kind}\t${plain}`;
}
