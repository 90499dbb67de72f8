import { connect } from 'node:net';

/**
 * One raw request: connects to a port of 127.0.0.1, sends `bytes`, and answers all that has come back as soon as `enough` of it has.
 * Rejects when the connection ends before, or after `patience` ms: a stopped server still accepts connections.
 */
export async function ask(port: number, bytes: string | Buffer, enough: (reply: Buffer) => boolean, patience = 2_000): Promise<Buffer> {
  const answer = Promise.withResolvers<Buffer>();
  const socket = connect({ port, host: '127.0.0.1' });
  let reply = Buffer.alloc(0);
  const fail = (why: string): void => answer.reject(new Error(`port ${port}: ${why}, after ${JSON.stringify(reply.toString('latin1'))}`));
  const timer = setTimeout(() => fail(`no answer within ${patience} ms`), patience);
  socket.on('data', (part: Buffer) => {
    reply = Buffer.concat([reply, part]);
    if (enough(reply)) answer.resolve(reply);
  });
  socket.once('error', ({ message }) => fail(message)).once('close', () => fail('closed'));
  socket.write(bytes);
  try {
    return await answer.promise;
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

/** Connects to a port of 127.0.0.1. Rejects when nobody listens there. */
export async function accepts(port: number): Promise<void> {
  const connected = Promise.withResolvers<void>();
  const socket = connect({ port, host: '127.0.0.1' });
  socket.once('connect', connected.resolve).once('error', connected.reject);
  try {
    await connected.promise;
  } finally {
    socket.destroy();
  }
}
