/**
 * Sends three events over the SDK with an outbox in a file, and ends when nothing is left to send. Told to, it kills itself at the n-th
 * step of all that it does with its outbox and its link: between any two of them.
 */
import { connect, type Dial, type OutboxStore } from '@hubbub/client';
import { fileOutbox } from '@hubbub/client/platform/file-outbox';
import { dialWebSocket } from '@hubbub/client/transports/websocket';

const [url = '', token = '', path = '', events = '', killAt = '0'] = process.argv.slice(2);
let steps = 0;

function step(): void {
  steps += 1;
  if (steps === Number(killAt)) process.kill(process.pid, 'SIGKILL');
}

async function around<Result>(work: () => Promise<Result>): Promise<Result> {
  step();
  const result = await work();
  step();
  return result;
}

function mortal(store: OutboxStore): OutboxStore {
  return {
    load: () => around(() => store.load()),
    put: (event) =>
      around(async () => {
        await store.put(event);
        // Whoever kills it now is to find it in the log all the same. (To a pipe this is written at once.)
        process.stdout.write(`kept ${(JSON.parse(event.text) as { body: { text: string } }).body.text}\n`);
      }),
    remove: (id) => around(() => store.remove(id)),
  };
}

const dial: Dial = (to, handlers) => {
  const link = dialWebSocket(to, {
    ...handlers,
    onFrame: (text) => {
      step();
      handlers.onFrame(text);
      step();
    },
  });
  return {
    ...link,
    send: (text) => {
      step();
      link.send(text);
      step();
    },
    close: () => link.close(),
  };
};

const channel = 'room:kept';
const client = connect({ url, credentials: { token }, outbox: mortal(fileOutbox(path)), dial });
client.onOutgoing(channel, () => {
  if (client.outgoing(channel).length > 0) return;
  process.stdout.write(`sent in ${steps} steps\n`);
  // What it lets go of at last is to be written too.
  setTimeout(() => client.close(), 50);
});
for (const text of events.split(',').filter((one) => one !== ''))
  void client.send(channel, { kind: 'message', body: { text } }).catch(() => {});
