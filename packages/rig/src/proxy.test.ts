import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { reset } from './one-way.ts';
import { FaultProxy } from './proxy.ts';

/** One end of a connection, and what it has heard. */
class End {
  readonly socket: Socket;
  fate: 'open' | 'ended' | 'reset' = 'open';
  readonly #listeners = new Set<() => void>();
  readonly #chunks: Buffer[] = [];
  bytes = 0;
  closed = false;

  constructor(socket: Socket) {
    this.socket = socket;
    const changed = (): void => this.#listeners.forEach((run) => void run());
    socket.on('data', (bytes: Buffer) => {
      this.#chunks.push(bytes);
      this.bytes += bytes.length;
      changed();
    });
    socket.on('end', () => {
      this.fate = 'ended';
      changed();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNRESET') this.fate = 'reset';
      changed();
    });
    socket.on('close', () => {
      this.closed = true;
      changed();
    });
  }

  get heard(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  get text(): string {
    return this.heard.toString('latin1');
  }

  async until(condition: (end: this) => boolean): Promise<void> {
    const met = Promise.withResolvers<void>();
    const look = (): void => {
      if (condition(this)) met.resolve();
    };
    this.#listeners.add(look);
    look();
    await met.promise;
    this.#listeners.delete(look);
  }
}

describe('the fault proxy', () => {
  let server: Server;
  let proxy: FaultProxy;
  const accepted: End[] = [];
  const dialled: End[] = [];

  beforeEach(async () => {
    server = createServer({ allowHalfOpen: true }, (socket) => {
      accepted.push(new End(socket));
      server.emit('accepted');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    proxy = await FaultProxy.open((server.address() as AddressInfo).port);
  });

  afterEach(async () => {
    for (const { socket } of [...accepted.splice(0), ...dialled.splice(0)]) socket.destroy();
    await proxy[Symbol.asyncDispose]();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  });

  async function pair(): Promise<{ client: End; far: End }> {
    const coming = once(server, 'accepted');
    const client = new End(connect(proxy.port, '127.0.0.1'));
    dialled.push(client);
    await coming;
    const far = accepted.at(-1);
    assert.ok(far);
    return { client, far };
  }

  /** What was sent before this has arrived wherever it could: another link's bytes have made the same way behind it. */
  async function roundTrip(): Promise<void> {
    const { client, far } = await pair();
    for (const [from, to] of [[client, far] as const, [far, client] as const]) {
      from.socket.write('.');
      await to.until(({ text }) => text === '.');
    }
  }

  it('hands on both ways, all of it, and the end behind it; and counts', async () => {
    const { client, far } = await pair();
    const much = Buffer.alloc(3_000_000, 'ab');
    client.socket.end(much);
    await far.until(({ fate }) => fate === 'ended');
    assert.ok(far.heard.equals(much));
    far.socket.end('back');
    await client.until(({ fate }) => fate === 'ended');
    assert.equal(client.text, 'back');
    await once(client.socket, 'close');
    assert.deepEqual(proxy.passed, { up: 3_000_000, down: 4 });
    assert.equal(proxy.opened, 1);
  });

  it('cut: both ends see the end; reset: both see a reset', async () => {
    const one = await pair();
    assert.equal(proxy.cut(), 1);
    await Promise.all([one.client, one.far].map((end) => end.until(({ fate }) => fate !== 'open')));
    const two = await pair();
    assert.equal(proxy.reset(), 1);
    await Promise.all([two.client, two.far].map((end) => end.until(({ fate }) => fate === 'reset')));
  });

  it('tells a client at once when nobody listens behind it', async () => {
    await new Promise((resolve) => server.close(resolve));
    const client = new End(connect(proxy.port, '127.0.0.1'));
    dialled.push(client);
    await client.until(({ fate }) => fate !== 'open');
  });

  it('is rid even of a connection that is being ended at that moment', async () => {
    const { client } = await pair();
    client.socket.end();
    reset(client.socket);
    await client.until(({ closed }) => closed);
  });

  it('hold: nothing comes, the sender is stopped by its kernel, the other way is free; then all of it comes, in order', async () => {
    const { client, far } = await pair();
    proxy.set({ down: 'hold' });
    const much = Buffer.alloc(32_000_000);
    for (let at = 0; at < much.length; at += 4) much.writeUInt32LE(at, at);
    far.socket.write(much);
    client.socket.write('up');
    await far.until(({ text }) => text === 'up');
    assert.equal(client.bytes, 0);
    assert.ok(far.socket.writableLength > 0);
    proxy.set({ down: 'pass' });
    await client.until(({ bytes }) => bytes === much.length);
    assert.ok(client.heard.equals(much));
  });

  it('hold is also for links that come later', async () => {
    proxy.set({ down: 'hold' });
    const { client, far } = await pair();
    far.socket.write('late');
    client.socket.write('up');
    await far.until(({ text }) => text === 'up');
    assert.equal(client.text, '');
    proxy.set({ down: 'pass' });
    await client.until(({ text }) => text === 'late');
  });

  it('dribble: single bytes, then the rest at once', async () => {
    const { client, far } = await pair();
    proxy.set({ up: 'dribble' });
    client.socket.write('slowly');
    await far.until(({ text }) => text === 's');
    await far.until(({ text }) => text === 'sl');
    proxy.set({ up: 'pass' });
    await far.until(({ text }) => text === 'slowly');
  });

  it('lose: bytes and ends vanish, one way or both, on one link alone; when it clears the link is reset', async () => {
    const { client, far } = await pair();
    const [link] = proxy.links;
    link?.set({ up: 'lose' });
    client.socket.write('lost');
    client.socket.end();
    far.socket.write('down');
    await client.until(({ text }) => text === 'down');
    await roundTrip();
    assert.deepEqual([far.text, far.fate], ['', 'open']);
    assert.equal(link?.up.lost, 4);
    link?.set({ up: 'pass' });
    await far.until(({ fate }) => fate === 'reset');
  });

  it('lose without a loss is no loss', async () => {
    const { client, far } = await pair();
    proxy.set({ up: 'lose', down: 'lose' });
    proxy.set({ up: 'pass', down: 'pass' });
    client.socket.write('whole');
    await far.until(({ text }) => text === 'whole');
  });

  it('sees that the sender has closed where the receiver is not told', async () => {
    const { client, far } = await pair();
    const [link] = proxy.links;
    link?.set({ up: 'lose', down: 'lose' });
    await roundTrip();
    assert.deepEqual([link?.down.senderClosed, link?.up.senderClosed], [false, false]);
    far.socket.end();
    await roundTrip();
    assert.deepEqual([link?.down.senderClosed, link?.up.senderClosed, client.fate], [true, false, 'open']);
  });

  it('hands on to another machine', async () => {
    await using other = await FaultProxy.open({ host: 'localhost', port: (server.address() as AddressInfo).port });
    const coming = once(server, 'accepted');
    const client = new End(connect(other.port, '127.0.0.1'));
    dialled.push(client);
    await coming;
    accepted.at(-1)?.socket.write('here');
    await client.until(({ text }) => text === 'here');
  });

  it('alters what comes down, where a fault is planted', async () => {
    proxy.alter = (bytes) => bytes.subarray(0, 1);
    const { client, far } = await pair();
    far.socket.write('xyz');
    await client.until(({ text }) => text === 'x');
  });
});
