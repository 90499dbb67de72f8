/** A hundred thousand inputs that nobody would write, by seed: nothing throws, nothing stays, and whoever behaves notices nothing. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { codes } from '@hubbub/protocol/codes';
import { api } from '@hubbub/server/api/api';
import { nodeStage, type StagedNode, type TestLink } from '@hubbub/server/core/node.fixture';
import { longestParam } from '@hubbub/server/gateway/http';
import { fastify } from 'fastify';
import { Fuzzer } from './fuzzer.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
/** What the heap may have grown by between the tenth part and the end: what compiling leaves, not one byte for each input. */
const growth = 3_000_000;

function heap(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

const id = '0198c0de-0000-7000-8000-000000000001';
const ours = 'that went wrong on our side';

describe('fuzz', () => {
  it('frames: 70,000 of one seed, over links that come and go', async (t) => {
    const fuzzer = new Fuzzer(20_261_124);
    const stage = await nodeStage({
      hellos: { perSecond: 1e9, burst: 1e9 },
      mayRead: (_, channel) => channel.length % 3 > 0,
      // What is refused leaves nothing in the log, so that whatever grows is not the log.
      admit: async () => ({ ok: false, code: 'forbidden', text: 'no' }),
    });
    const frames: readonly object[] = [
      { req: 1, cmd: 'hello', protocol: 1, build: 'b', session: id, name: 'ann' },
      { req: 2, cmd: 'subscribe', to: [{ channel: 'room:a', position: '0', maxGap: 5 }, { channel: 'room:ab' }] },
      { req: 3, cmd: 'unsubscribe', channels: ['room:a'] },
      { req: 4, cmd: 'send', channel: 'room:a', events: [{ id, kind: 'message', body: { a: [1] } }] },
      { req: 5, cmd: 'history', channel: 'room:a', before: '7~e', limit: 9 },
      { req: 6, cmd: 'facts', channel: 'room:a', about: [1, 2], next: 'x', limit: 4 },
      { req: 7, cmd: 'channels', of: 'mine', next: 'x' },
      { req: 8, cmd: 'inbox', on: true },
      { req: 9, cmd: 'signal', channel: 'room:a', kind: 'typing', body: 1 },
      { req: 10, cmd: 'presence', channel: 'room:a', on: true, after: 'ann' },
      { req: 11, cmd: 'refresh', token: 'ann' },
      { req: 12, cmd: 'ping' },
      { req: 13, cmd: 'trim', channel: 'room:a', before: '1~e' },
      { req: 14, cmd: 'backup', path: '/nowhere/at/all' },
    ];
    const witness = await stage.link('witness');
    const before = stage.node.status();
    const seen = new Map<string, number>();
    let link = await open(stage);
    let early = 0;
    for (let nth = 1; nth <= 70_000; nth++) {
      if (nth === 7_000) early = heap();
      link.sink?.onFrame(fuzzer.input(frames));
      if (nth % 16 === 0) await stage.clock.settle();
      if (link.closed === undefined && nth % 400 !== 0) continue;
      await stage.clock.settle();
      tally(link, seen);
      link.sink?.onClosed();
      link = await open(stage);
    }
    link.sink?.onClosed();
    await stage.clock.pass(120_000);
    const grown = heap() - early;
    const told = [...seen].sort(([, a], [, b]) => b - a).map(([code, count]) => `${code} ${count}`);
    t.diagnostic(`${told.join(', ')}; the heap grew by ${Math.round(grown / 1_024)} KiB`);
    assert.equal(seen.get(ours), undefined);
    // Enough of it came through to mean something, and enough did not.
    for (const code of ['ok', 'bad_frame', 'bad_command', 'bad_channel', 'forbidden', 'bad_body'] as const)
      assert.ok((seen.get(code) ?? 0) >= 10, code);
    assert.deepEqual({ ...stage.node.status(), tailBytes: 0 }, { ...before, tailBytes: 0 });
    assert.ok(grown < growth, `${grown} bytes`);
    const req = witness.say('ping', {});
    await stage.clock.settle();
    assert.deepEqual(witness.reply(req), { res: req });
    assert.equal(witness.closed, undefined);
  });

  it('HTTP: 30,000 of one seed, bodies and addresses', async (t) => {
    const fuzzer = new Fuzzer(4_112_026);
    const stage = await nodeStage({
      mayRead: (_, channel) => channel.length % 3 > 0,
      admit: async () => ({ ok: false, code: 'forbidden', text: 'no' }),
    });
    const app = fastify({ routerOptions: { maxParamLength: longestParam } });
    const parts = { now: () => 1, random: Math.random, isLocal: () => false, mint: undefined, build: 'test' };
    const metrics = { contentType: 'text/plain', read: async () => '' };
    await app.register(api, { ...parts, calls: stage.node.calls, status: () => stage.node.status(), metrics });
    const before = stage.node.status();
    const bodies: readonly object[] = [
      { name: 'Ann' },
      { kind: 'message', body: { text: 'x' }, id },
      { events: [{ id, kind: 'message', body: 1, from: 'ann', ts: 5 }] },
      { user: 'ann', expiresIn: 5 },
      { user: 'ann' },
    ];
    const paths = ['/v1/session', '/v1/channels/CHANNEL/events', '/v1/channels/CHANNEL/events/batch', '/v1/tokens', '/v1/revocations'];
    const queries = ['', '?before=7~e', '?after=0&limit=9', '?about=1-2', '?prefix=a', '?of=mine', '?next=x', '?after=ann'];
    const seen = new Map<string, number>();
    let early = 0;
    for (let nth = 1; nth <= 30_000; nth++) {
      if (nth === 3_000) early = heap();
      const channel = encodeURIComponent(
        fuzzer.pick(['room:a', 'room:ab', 'sys:keys', 'x', '__proto__', `room:${'a'.repeat(200)}`, 'room:é', '%00']),
      );
      const reads = fuzzer.random() < 0.4;
      const path = reads
        ? fuzzer.pick([
            '/v1/channels',
            '/v1/channels/CHANNEL/events',
            '/v1/channels/CHANNEL/facts',
            '/v1/channels/CHANNEL/presence',
            '/v1/node',
          ])
        : fuzzer.pick(paths);
      const query = reads
        ? fuzzer.pick(queries) + (fuzzer.random() < 0.2 ? `&${encodeURIComponent(fuzzer.input(bodies).toWellFormed())}=1` : '')
        : '';
      const answer = await app.inject({
        method: reads ? 'GET' : 'POST',
        url: path.replace('CHANNEL', channel) + query,
        headers: {
          authorization: `Bearer ${fuzzer.pick(['ann', 'admin', 'ann', 'x y', ''])}`,
          ...(!reads && { 'content-type': 'application/json' }),
        },
        ...(!reads && { payload: fuzzer.input(bodies) }),
      });
      const said = answer.json<{ code?: string; title?: string }>();
      const code = answer.statusCode < 300 ? 'ok' : (said.code ?? `${answer.statusCode}`);
      seen.set(code, (seen.get(code) ?? 0) + 1);
      assert.ok(answer.statusCode !== 500, `${path}${query}: ${answer.body}`);
      if (said.code !== undefined) assert.ok(Object.hasOwn(codes, said.code), said.code);
    }
    await app.close();
    await stage.clock.pass(120_000);
    const grown = heap() - early;
    const told = [...seen].sort(([, a], [, b]) => b - a).map(([code, count]) => `${code} ${count}`);
    t.diagnostic(`${told.join(', ')}; the heap grew by ${Math.round(grown / 1_024)} KiB`);
    for (const code of ['ok', 'bad_command', 'forbidden', 'unauthorized', 'bad_channel']) assert.ok((seen.get(code) ?? 0) >= 10, code);
    assert.deepEqual(stage.node.status(), before);
    assert.ok(grown < growth, `${grown} bytes`);
  });
});

/** Signed in, most of the time. */
async function open(stage: StagedNode): Promise<TestLink> {
  return stage.link('ann');
}

/** What was answered, by code; a push that says why a link ends is an answer too. */
function tally(link: TestLink, seen: Map<string, number>): void {
  for (const frame of link.frames as {
    res?: number;
    push?: string;
    error?: { code: string; text: string };
    results?: { error?: { code: string } }[];
  }[]) {
    if (frame.res === undefined && frame.push !== 'error') continue;
    const inner = frame.results?.find(({ error }) => error)?.error?.code;
    const code = frame.error?.text === ours ? ours : (frame.error?.code ?? inner ?? 'ok');
    seen.set(code, (seen.get(code) ?? 0) + 1);
  }
}
