import { HubbubError } from '@hubbub/client';
import { CommandError } from '../fail.ts';
import { connectTo, type TargetOptions } from '../target.ts';

/** Sends one message; prints its offset once it is in the log. */
export async function send(channel: string, text: string, target: TargetOptions): Promise<void> {
  const { client, trouble } = connectTo(target, (said) => process.stderr.write(`hubbub: ${said}\n`));
  try {
    const { offset } = await Promise.race([client.send(channel, { kind: 'message', body: { text } }), trouble]);
    process.stdout.write(`${offset}\n`);
  } catch (error) {
    throw error instanceof HubbubError ? new CommandError(`${error.message} (${error.code})`, error.code === 'bad_channel' ? 2 : 1) : error;
  } finally {
    client.close();
  }
}
