import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { ask } from './ask.ts';
import { familyOf } from './family.ts';
import { startHaproxy } from './haproxy.ts';
import { startNginx } from './nginx.ts';
import { freePorts, isFree } from './ports.ts';
import { absent } from './present.ts';
import type { RealServer } from './server.ts';

interface Balancer extends RealServer {
  reload(config?: string): Promise<void>;
}

/** All that it says to a first request, the connection kept. */
async function get(port: number, patience?: number): Promise<string> {
  return String(await ask(port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', (reply) => /\r\n\r\n.+\n/s.test(String(reply)), patience));
}

/** Each answers `word` to whoever asks. */
const balancers = {
  haproxy: {
    start: startHaproxy,
    config: (port: number, word: string) => `
defaults
  mode http
  timeout client 10s
  timeout connect 1s
  timeout server 10s
frontend all
  bind 127.0.0.1:${port}
  http-request return status 200 content-type text/plain lf-string "${word}\\n"
`,
  },
  nginx: {
    start: startNginx,
    config: (port: number, word: string) => `
events {}
http {
  access_log off;
  server {
    listen 127.0.0.1:${port};
    location / { return 200 "${word}\\n"; }
  }
}
`,
  },
};

for (const name of ['haproxy', 'nginx'] as const) {
  const { start, config } = balancers[name];
  describe(name, { skip: absent(name) }, () => {
    it('answers, not while it is paused, and again after it was killed', async () => {
      const [port = 0] = await freePorts(1);
      await using balancer: Balancer = await start({ port, config: config(port, 'hello') });
      assert.match(await get(port), /hello/);
      balancer.pause();
      await assert.rejects(get(port, 200), /no answer within 200 ms/);
      balancer.resume();
      assert.match(await get(port), /hello/);
      const family = familyOf(balancer.folder, [balancer.pid]);
      await balancer.kill();
      assert.ok(family.length >= 2 && familyOf(balancer.folder, family).length === 0, family.join());
      assert.ok(await isFree(port));
      await balancer.start();
      assert.match(await get(port), /hello/);
      await balancer.empty();
      assert.match(await get(port), /hello/);
    });

    it('takes another configuration, and closes no connection for it', async () => {
      const [port = 0] = await freePorts(1);
      await using balancer: Balancer = await start({ port, config: config(port, 'hello') });
      const old = connect({ port, host: '127.0.0.1' });
      let said = '';
      let closed = false;
      const first = Promise.withResolvers<void>();
      old.on('data', (part) => {
        said += String(part);
        first.resolve();
      });
      old.once('close', () => {
        closed = true;
      });
      // Half a request: one that is asking is not idle.
      old.write('GET / HTTP/1.1\r\nHost: a\r\n');
      await ask(port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', (reply) => String(reply).includes('hello'));
      const { pid } = balancer;
      await balancer.reload(config(port, 'good morning'));
      assert.match(await get(port), /good morning/);
      assert.equal(balancer.pid, pid);
      assert.ok(!closed);
      old.write('\r\n');
      await first.promise;
      assert.match(said, /hello/);
      old.destroy();
    });

    it('says what is wrong with a configuration, and goes on with the one that it has', async () => {
      const [port = 0] = await freePorts(1);
      await assert.rejects(start({ port, config: 'nonsense here;' }), /ended while it started.*nonsense/s);
      await using balancer: Balancer = await start({ port, config: config(port, 'hello') });
      await assert.rejects(balancer.reload('nonsense here;'), /refuses its configuration.*nonsense/s);
      assert.match(await get(port), /hello/);
    });
  });
}

describe('the statistics of haproxy', { skip: absent('haproxy') }, () => {
  it('can be read', async () => {
    const [port = 0] = await freePorts(1);
    await using balancer = await startHaproxy({ port, config: balancers.haproxy.config(port, 'hello') });
    await get(port);
    const [head = '', ...lines] = (await balancer.stats('show stat')).split('\n');
    const column = head.replace('# ', '').split(',').indexOf('hrsp_2xx');
    assert.equal(
      lines.find((line) => line.startsWith('all,FRONTEND'))?.split(',')[column],
      '1',
      'who connects and asks nothing has no answer',
    );
  });
});
