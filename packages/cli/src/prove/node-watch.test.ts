import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { NodeWatch } from './node-watch.ts';

interface Told {
  readonly start?: number;
  readonly found?: number;
  readonly heldMs?: number;
}

/** A process whose CPU time grows with each answer. What the `at`-th asking is told: of which process it is, and its counts, or a status. */
async function watching(told: (at: number) => Told | number, act: (url: string, shown: Set<string>) => Promise<void>): Promise<void> {
  const shown = new Set<string>();
  const cpu = new Map<number, number>();
  let at = 0;
  const http = createServer((request, response) => {
    shown.add(`${request.url} ${request.headers.authorization} ${request.headers.connection}`);
    const what = told(at);
    at += 1;
    if (typeof what === 'number') return void response.writeHead(what).end('{"code":"forbidden"}');
    const { start = 1_000, found = 0, heldMs = 0 } = what;
    cpu.set(start, (cpu.get(start) ?? start / 1_000) + 0.1);
    const lines = [`process_start_time_seconds ${start}`, `process_cpu_seconds_total ${cpu.get(start)}`];
    response.end(
      [...lines, `hubbub_branches_total{branch="look_found"} ${found}`, `hubbub_branches_total{branch="held_ms"} ${heldMs}`, ''].join('\n'),
    );
  }).listen(0, '127.0.0.1');
  try {
    await once(http, 'listening');
    await act(`http://127.0.0.1:${(http.address() as AddressInfo).port}/chat/`, shown);
  } finally {
    http.close();
    http.closeAllConnections();
  }
}

describe('what a node elsewhere counts', () => {
  it('is known where one node answers: since it is watched', async () => {
    await watching(
      (at) => ({ found: 3 + at, heldMs: 40 + 10 * at }),
      async (url, shown) => {
        const watch = await NodeWatch.open([url], 'secret');
        assert.deepEqual(await watch.look(), { process: 1_000, found: 11 });
        assert.equal(await watch.heldMs(), 90);
        assert.deepEqual([...shown], ['/chat/metrics Bearer secret close']);
      },
    );
  });

  it('is of one node behind two addresses, or of two', async () => {
    await watching(
      () => ({}),
      async (url) => {
        const same = await NodeWatch.open([url, url.replace('127.0.0.1', 'localhost')], undefined);
        assert.deepEqual([same.several, (await same.look())?.process], [false, 1_000]);
        // Started in the same second, but it has had less to do.
        await watching(
          () => ({}),
          async (other) => {
            const two = await NodeWatch.open([url, other], undefined);
            assert.deepEqual([two.several, await two.look()], [true, undefined]);
          },
        );
      },
    );
    await watching(
      () => 403,
      async (url) => assert.equal((await NodeWatch.open([url], undefined)).several, false),
    );
  });

  const unknown: [string, (at: number) => Told | number][] = [
    ['several nodes answer', (at) => ({ start: 1_000 + (at % 2) })],
    ['another one answers once', (at) => ({ start: at === 8 ? 1_001 : 1_000 })],
    ['they were started in the same second', (at) => ({ found: at % 3 })],
    ['it does not tell', () => 403],
    ['it does not tell once', (at) => (at === 8 ? 503 : {})],
  ];
  for (const [why, told] of unknown) {
    it(`is not known where ${why}, nor later on`, async () => {
      await watching(told, async (url) => {
        const watch = await NodeWatch.open([url], undefined);
        assert.equal(await watch.look(), undefined);
        assert.equal(await watch.heldMs(), undefined);
        assert.equal(await watch.look(), undefined);
      });
    });
  }
});
