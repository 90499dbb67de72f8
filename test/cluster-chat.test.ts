/**
 * Real chat through HAProxy to three nodes, on PostgreSQL and Redis: several channels at once, two hundred times as fast as it was said,
 * while one node is killed and started again, and the broker too. Everybody ends with the same log, and somebody in a browser goes on
 * chatting through both.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { channelOfFile, parseIrc } from '@hubbub/cli/irc';
import { allLogs } from '@hubbub/cli/irc.fixture';
import { type Client, connect } from '@hubbub/client';
import { absent } from '@hubbub/rig/servers/present';
import { startRedis } from '@hubbub/rig/servers/redis';
import { buildPage, composer, endAll, hasBrowser, person, say, settled, shownRows } from './browser.ts';
import { Cluster, haproxyBefore } from './cluster-rig.ts';
import { hubbub, Stage } from './server-rig.ts';

const channels = 4;
const linesEach = 300;
const people = 6;
const speed = 200;

/** Reads all channels from their beginning, and sees what it is given. */
class Reader {
  readonly client: Client;
  readonly ids = new Map<string, string[]>();
  readonly wrong: string[] = [];

  constructor(url: string, name: string, all: readonly string[]) {
    this.client = connect({ url, credentials: { name } });
    for (const channel of all) {
      const ids: string[] = [];
      this.ids.set(channel, ids);
      this.client.subscribe(channel, {
        position: '0',
        onEvents: (events) => {
          for (const { offset, id } of events) {
            if (offset !== ids.length + 1) this.wrong.push(`${name} was given ${offset} of ${channel} after ${ids.length}`);
            ids.push(id);
          }
        },
        onReset: (reason) => this.wrong.push(`${name} was reset in ${channel}: ${reason}`),
      });
    }
  }
}

const lacks = absent('postgres', 'redis', 'haproxy') || (hasBrowser ? false : 'there is no Chromium at /usr/bin/chromium');

describe('a cluster under real chat', { skip: lacks }, () => {
  before(buildPage);
  after(endAll);

  it('I1 I2 I3 I4: a node and the broker die and come back; everybody has the same log in the end, and a person chats on', async (t) => {
    await using redis = await startRedis();
    await using stage = new Stage();
    await using cluster = await Cluster.start('--broker', redis.url);
    await using balancer = await haproxyBefore(cluster);
    await oneAdministrator(cluster);
    const { logs, origin } = allLogs();
    const folder = stage.folder();
    const chosen = logs.slice(0, channels).map(({ name, text }, at) => {
      const log = { name: `talk${at}-${name}`, text: `${text.split('\n').slice(0, linesEach).join('\n')}\n` };
      const path = join(folder, log.name);
      writeFileSync(path, log.text);
      return { ...log, path, channel: channelOfFile(log.name) };
    });
    const names = chosen.map(({ channel }) => channel);
    t.diagnostic(`${origin}: ${names.join(', ')}, ${linesEach} lines each`);

    const page = await person(balancer, 'Ann');
    const importing = hubbub(
      ...['import', 'irc', ...chosen.map(({ path }) => path), '--speed', String(speed)],
      ...['--url', balancer.url, '--data', cluster.node(0).data],
    );
    // Rooms are there with their first line.
    const written = await linesIn(names, cluster.node(0).url);
    const due = channels * linesEach;
    /** Lines that are in the log, while more are to come. */
    const underWay = async (when: string): Promise<number> => {
      const lines = await written();
      assert.ok(lines > 0 && lines < due, `${when}: ${lines} of ${due} lines are written`);
      t.diagnostic(`${when}: ${lines} of ${due} lines are written, ${said} words said`);
      return lines;
    };
    const readers = Array.from({ length: people }, (_, at) => new Reader(balancer.url, `reader ${at}`, names));

    let said = 0;
    let chatting = true;
    const chat = (async () => {
      for (; chatting; await pause(250)) {
        said += 1;
        await say(page, `word ${said}`);
      }
    })();
    await pause(2_000);
    await cluster.node(1).process.kill('SIGKILL');
    const atKill = { lines: await underWay('a node is dead'), said };
    await pause(2_000);
    const without = { lines: await underWay('it is begun again'), said };
    await cluster.begin(1);
    await pause(1_000);
    await redis.kill();
    const atBreak = { lines: await underWay('the broker is dead'), said };
    await pause(3_000);
    const apart = { lines: await underWay('it is started again'), said };
    await redis.start();
    for (const [what, before, after] of [
      ['node', atKill, without],
      ['broker', atBreak, apart],
    ] as const) {
      assert.ok(after.lines > before.lines, `without the ${what} the import goes on`);
      assert.ok(after.said > before.said, `without the ${what} the talk goes on`);
    }
    const { code, stderr } = await importing;
    assert.equal(code, 0, stderr);
    chatting = false;
    await chat;
    await settled(page);

    const wanted = new Map(chosen.map(({ text, name, channel }) => [channel, parseIrc(text, name, channel).map(({ id }) => id)]));
    for (const end = Date.now() + 30_000; ; await pause(100)) {
      const missing = readers.flatMap(({ ids }) => names.filter((name) => ids.get(name)?.length !== wanted.get(name)?.length));
      if (missing.length === 0) break;
      assert.ok(Date.now() < end, `not everybody has everything: ${missing.join()}`);
    }
    for (const { ids, wrong, client } of readers) {
      assert.deepEqual(wrong, []);
      for (const name of names) assert.deepEqual(ids.get(name), wanted.get(name), name);
      client.close();
    }
    // Each word once, in the order in which it was said.
    const words = Array.from({ length: said }, (_, at) => `word ${at + 1}`);
    const ben = new Reader(balancer.url, 'ben', []);
    const log: string[] = [];
    ben.client.subscribe('room:general', {
      position: '0',
      onEvents: (events) => {
        for (const { kind, body } of events) if (kind === 'message') log.push((body as { text: string }).text);
      },
    });
    for (const end = Date.now() + 10_000; log.length < said; await pause(50)) assert.ok(Date.now() < end, `${log.length} of ${said} words`);
    ben.client.close();
    assert.deepEqual(log, words);
    assert.equal((await shownRows(page)).at(-1)?.text, words.at(-1));
    assert.equal(await composer(page).inputValue(), '');
    t.diagnostic(`${said} words in the browser, ${[...wanted.values()].flat().length} lines to each of ${people} readers`);
  });
});

/** The administrator's token lies in a node's folder: in all of them the same one, as an operator puts it there. */
async function oneAdministrator(cluster: Cluster): Promise<void> {
  const token = readFileSync(join(cluster.node(0).data, 'admin.token'));
  for (const at of [1, 2]) {
    await cluster.node(at).process.kill('SIGKILL');
    writeFileSync(join(cluster.node(at).data, 'admin.token'), token);
    await cluster.begin(at);
  }
}

/** Waits until the rooms are there. Then: how many lines they hold in all, by what this node says. */
async function linesIn(names: readonly string[], url: string): Promise<() => Promise<number>> {
  const answer = await fetch(`${url}/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'looker' }),
  });
  const { token } = (await answer.json()) as { token: string };
  const ask = (): Promise<Response[]> =>
    Promise.all(names.map((name) => fetch(`${url}/v1/channels/${name}/events?limit=1`, { headers: { authorization: `Bearer ${token}` } })));
  for (const end = Date.now() + 20_000; !(await ask()).every(({ ok }) => ok); await pause(50))
    assert.ok(Date.now() < end, 'the rooms are not made');
  return async () => {
    const pages = await Promise.all((await ask()).map((page) => page.json() as Promise<{ head: number }>));
    return pages.reduce((sum, { head }) => sum + head, 0);
  };
}
