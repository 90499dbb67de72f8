/** A client that behaves badly, as fast as `perSecond` lets it: a process of its own. Arguments: port, kind. Prints `bad` when it has begun. */
import { channel } from './dialects.ts';

export const offences = ['malformed', 'flapping', 'churning', 'chattering'] as const;
export type Offence = (typeof offences)[number];

const [port = '', kind = ''] = process.argv.slice(2);
/** More often than any well-behaved client does anything, and not so often that it is the machine that is measured. */
const perSecond = 50;

let session = 0;
let req = 0;

function dial(): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/ws`);
  return new Promise((resolve, reject) => {
    socket.addEventListener('open', () => resolve(socket));
    socket.addEventListener('error', () => reject(new Error('no link')));
  });
}

function ended(socket: WebSocket): Promise<void> {
  return new Promise((resolve) => socket.addEventListener('close', () => resolve()));
}

/** Gives a command and waits for its reply, or for the end of the link. */
function say(socket: WebSocket, cmd: string, members: object): Promise<void> {
  req += 1;
  const mine = `{"res":${req}`;
  socket.send(JSON.stringify({ req, cmd, ...members }));
  return new Promise((resolve) => {
    const onMessage = ({ data }: MessageEvent): void => {
      if (!String(data).startsWith(mine)) return;
      socket.removeEventListener('message', onMessage);
      resolve();
    };
    socket.addEventListener('message', onMessage);
    socket.addEventListener('close', () => resolve());
  });
}

function hello(socket: WebSocket): Promise<void> {
  session += 1;
  return say(socket, 'hello', { protocol: 1, session: `0198c0de-0000-7000-8000-${String(session).padStart(12, '0')}`, name: 'mallory' });
}

const everything = { to: [{ channel, position: '0' }] };

async function offend(kind: Offence): Promise<() => Promise<void>> {
  switch (kind) {
    case 'malformed':
      return async () => {
        const socket = await dial();
        const end = ended(socket);
        socket.send('{"req":0,');
        await end;
      };
    case 'flapping':
      return async () => {
        const socket = await dial();
        await hello(socket);
        await say(socket, 'subscribe', everything);
        socket.close();
      };
    case 'churning': {
      const socket = await dial();
      await hello(socket);
      return async () => {
        await say(socket, 'subscribe', everything);
        await say(socket, 'unsubscribe', { channels: [channel] });
      };
    }
    case 'chattering': {
      const socket = await dial();
      await hello(socket);
      return async () => {
        await Promise.all(Array.from({ length: 10 }, () => say(socket, 'signal', { channel, kind: 'typing', body: null })));
      };
    }
  }
}

const known = offences.find((one) => one === kind);
if (known !== undefined && import.meta.filename === process.argv[1]) {
  const once = await offend(known);
  console.log('bad');
  for (let next = performance.now(); ; next += 1_000 / perSecond) {
    const wait = next - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    // What it is refused, it tries again: that is what makes it an offender.
    await once().catch(() => {});
  }
}
