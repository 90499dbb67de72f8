import { HubbubError } from '@hubbub/client';
import { CommandError } from '../fail.ts';
import { connectTo, refusal, type TargetOptions } from '../target.ts';

/** Sends one message; prints its offset once it is in the log. */
export async function send(channel: string, text: string, target: TargetOptions): Promise<void> {
  const client = connectTo(target);
  try {
    const ack = await Promise.race([client.send(channel, { kind: 'message', body: { text } }), refusal(client)]);
    process.stdout.write(`${ack.offset}~${ack.epoch}\n`);
  } catch (error) {
    throw error instanceof HubbubError ? new CommandError(`${error.message} (${error.code})`) : error;
  } finally {
    client.close();
  }
}
