import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isLoopback, readConfig, StartError } from './config.ts';

describe('config', () => {
  const right = { host: '127.0.0.1', port: '8080', data: './data', drain: '0', auth: 'guest', logLevel: 'warn' };

  it('reads what is right', () => {
    assert.deepEqual(readConfig(right), {
      ...{
        host: '127.0.0.1',
        port: 8080,
        data: './data',
        store: { kind: 'sqlite', folder: './data' },
        broker: { kind: 'local' },
        parcels: true,
        drainMs: 0,
        auth: { mode: 'guest' },
      },
      ...{ origins: [], trustProxy: [], logLevel: 'warn' },
    });
    assert.equal(readConfig({ ...right, drain: '3600' }).drainMs, 3_600_000);
    for (const port of ['0', '1', '65535']) assert.equal(readConfig({ ...right, port }).port, Number(port));
    for (const host of ['0.0.0.0', '::1', '::', 'localhost', 'fe80::1%eth0']) assert.equal(readConfig({ ...right, host }).host, host);
  });

  it('reads where the log is, and lets clients move where there are other nodes', () => {
    const { drain: _, ...undrained } = right;
    const read = (store: string): unknown => {
      const config = readConfig({ ...undrained, store });
      return [config.store, config.drainMs];
    };
    assert.deepEqual(read('sqlite:/var/log'), [{ kind: 'sqlite', folder: '/var/log' }, 0]);
    assert.deepEqual(read('postgres://a:b@db:5432/chat'), [
      { kind: 'postgres', url: 'postgres://a:b@db:5432/chat', schema: 'hubbub', syncStandby: false },
      25_000,
    ]);
    assert.deepEqual(read('postgresql://one:1,two:2/chat?schema=other&sslmode=require'), [
      { kind: 'postgres', url: 'postgresql://one:1,two:2/chat?sslmode=require', schema: 'other', syncStandby: false },
      25_000,
    ]);
  });

  it('says no password when it says what is wrong with a store', () => {
    for (const store of [
      'mysql://a:hunter2@db/x',
      'postgres:a:hunter2',
      'postgres://a:hunter2@db/x?schema=A',
      'postgres://a:hunter2@d b',
    ]) {
      assert.throws(
        () => readConfig({ ...right, store }),
        (error) =>
          error instanceof StartError && error.exitCode === 2 && /--store/.test(error.message) && !error.message.includes('hunter2'),
      );
    }
  });

  const wrong: [Partial<typeof right>, RegExp][] = [
    ...['65536', '-1', '80.5', 'http', '', '0x50', ' 80'].map((port): [Partial<typeof right>, RegExp] => [{ port }, /--port .*65535/]),
    ...['', 'http://127.0.0.1', 'a b', 'a/b'].map((host): [Partial<typeof right>, RegExp] => [{ host }, /--host .*127\.0\.0\.1/]),
    ...['3601', '-1', '1.5', '', '5s'].map((drain): [Partial<typeof right>, RegExp] => [{ drain }, /--drain .*3600/]),
    [{ data: '' }, /--data.*\.\/data/],
  ];
  for (const [value, message] of wrong) {
    it(`says what would be right instead of ${JSON.stringify(value)}`, () => {
      assert.throws(
        () => readConfig({ ...right, ...value }),
        (error) => error instanceof StartError && error.exitCode === 2 && message.test(error.message),
      );
    });
  }

  describe('broker', () => {
    it('reads where a server is', () => {
      const addresses = {
        redis: ['redis://127.0.0.1:6379', 'rediss://ann:s%2Fecret@example.org/2'],
        nats: ['nats://token@[::1]:4222', 'tls://example.org'],
        rabbitmq: ['amqp://guest:guest@mq', 'amqps://mq/vhost'],
        kafka: ['kafka://example.org:9092?tls=true'],
        postgres: ['postgres://postgres@127.0.0.1/chat', 'postgresql://db'],
        rethinkdb: ['rethinkdb://127.0.0.1:28015'],
      };
      for (const [kind, urls] of Object.entries(addresses)) {
        for (const url of urls) {
          assert.deepEqual(readConfig({ ...right, broker: url }).broker, { kind, url, prefix: 'hubbub' });
          assert.deepEqual(readConfig({ ...right, broker: url, brokerPrefix: 'a-1_b' }).broker, { kind, url, prefix: 'a-1_b' });
        }
      }
      assert.deepEqual(readConfig({ ...right, broker: 'local' }).broker, { kind: 'local' });
    });

    const secret = 's3cret';
    const bad: [Partial<Parameters<typeof readConfig>[0]>, RegExp][] = [
      [{ broker: 'redis' }, /--broker: local, or an address .*redis:\/\/.*kafka:\/\//],
      [{ broker: `http://ann:${secret}@example.org` }, /--broker: local, or/],
      [{ broker: `${secret}` }, /--broker: local, or/],
      [{ broker: `redis://ann:${secret}@` }, /--broker: no address of a server; such as redis:\/\/USER/],
      [{ broker: `nats://ann:${secret}@example.org:70000` }, /--broker: no address of a server; such as nats:/],
      [{ broker: `amqp://ann:${secret}%@example.org` }, /--broker: .*%25/],
      [{ broker: 'kafka:///' }, /--broker: no address/],
      ...['', 'A', '1a', 'a b', 'a.b', 'a'.repeat(33)].map((brokerPrefix): [{ brokerPrefix: string }, RegExp] => [
        { brokerPrefix },
        /--broker-prefix .*32/,
      ]),
    ];
    for (const [value, message] of bad) {
      it(`says what would be right instead of ${JSON.stringify(value)}, and no secret`, () => {
        assert.throws(
          () => readConfig({ ...right, ...value }),
          (error) => error instanceof StartError && error.exitCode === 2 && message.test(error.message) && !error.message.includes(secret),
        );
      });
    }
  });

  it('knows which addresses are for this machine alone', () => {
    for (const host of ['127.0.0.1', '127.1.2.3', '::1', 'localhost']) assert.equal(isLoopback(host), true);
    for (const host of ['0.0.0.0', '::', '10.0.0.1', 'mybox', '127.evil.example']) assert.equal(isLoopback(host), false);
  });
});
