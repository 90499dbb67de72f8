/** All logs through a real server: imported by the command line, read back by the SDK, compared with the files. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { channelOfFile, type IrcEvent, parseIrc } from '@hubbub/cli/irc';
import { allLogs, type Log, madeLogs } from '@hubbub/cli/irc.fixture';
import { connect, type Event } from '@hubbub/client';
import { adminToken, complaints, hubbub, type RunningServer, Stage } from './server-rig.ts';

/** What is to be in each channel, in order. */
function expected(logs: readonly Log[], channel?: string): Map<string, IrcEvent[]> {
  const all = new Map<string, IrcEvent[]>();
  for (const { name, text } of logs) {
    const to = channel ?? channelOfFile(name);
    all.set(to, [...(all.get(to) ?? []), ...parseIrc(text, name, to)]);
  }
  return all;
}

function write(folder: string, logs: readonly Log[]): string[] {
  return logs.map(({ name, text }) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  });
}

/** Reads channels from their first event on until each stands at its head. */
async function readBack({ url }: RunningServer, channels: Iterable<string>): Promise<Map<string, Event<{ text: string }>[]>> {
  const client = connect({ url, credentials: { name: 'reader' } });
  const read = new Map<string, Event<{ text: string }>[]>();
  try {
    const all = [...channels].map((channel) => {
      const events: Event<{ text: string }>[] = [];
      read.set(channel, events);
      return new Promise<void>((resolve, reject) => {
        client.subscribe(channel, {
          position: '0',
          onEvents: (batch) => void events.push(...(batch as Event<{ text: string }>[])),
          onReset: (reason) => reject(new Error(`reset: ${reason}`)),
          onState: ({ state }) => (state === 'live' ? resolve() : state === 'gone' && reject(new Error('gone'))),
        });
      });
    });
    await Promise.all(all);
    return read;
  } finally {
    client.close();
  }
}

/** Every line once and in order. */
function compare(read: Map<string, Event<{ text: string }>[]>, all: Map<string, IrcEvent[]>): void {
  for (const [channel, lines] of all) {
    const events = read.get(channel) ?? [];
    assert.equal(events.length, lines.length, channel);
    let n = 0;
    let ts = 0;
    lines.forEach((line, index) => {
      if (line.kind !== 'note') n += 1;
      // A file that begins before the last one's end has its times raised.
      ts = Math.max(ts, line.ts);
      const { offset, id, from, kind, body, n: counted, ts: at } = events[index] as Event<{ text: string }>;
      assert.deepEqual({ offset, id, from, kind, body, n: counted, ts: at }, { offset: index + 1, ...line, n, ts });
    });
  }
}

describe('import irc', () => {
  it('brings in every line of every log once and in order; importing again adds nothing', async (t) => {
    await using stage = new Stage();
    const { logs, origin } = allLogs();
    t.diagnostic(`${origin}: ${logs.length} files`);
    const files = write(stage.folder(), logs);
    const server = await stage.serve(stage.folder());
    const all = expected(logs);
    const total = [...all.values()].reduce((sum, lines) => sum + lines.length, 0);

    const first = await hubbub('import', 'irc', ...files, '--data', server.data);
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stdout, new RegExp(`^${total} lines: ${total} events added, 0 were there already, [\\d.]+ s\\n$`));
    assert.match(first.stderr, new RegExp(`^\\d+/${total} lines\n(.*\n)*${total}/${total} lines\n$`));
    t.diagnostic(first.stdout.trim());
    compare(await readBack(server, all.keys()), all);

    const second = await hubbub('import', 'irc', ...files, '--data', server.data);
    assert.match(second.stdout, new RegExp(`^${total} lines: 0 events added, ${total} were there already, `));
    compare(await readBack(server, all.keys()), all);
    assert.equal(complaints(server), '');
    assert.ok(!`${first.stdout}${first.stderr}`.includes(adminToken(server)));
  });

  it('goes on where a killed import has ended, also when the server was killed meanwhile', async () => {
    await using stage = new Stage();
    const logs = madeLogs(4, 4_000, 7);
    const files = write(stage.folder(), logs);
    const data = stage.folder();
    const killed = await stage.serve(data);
    const importing = await stage.start('import', 'irc', ...files, '--data', data);
    await importing.until(() => importing.stderr.includes(' lines\n'));
    await importing.kill();
    await killed.process.kill();
    const server = await stage.serve(data);
    const again = await hubbub('import', 'irc', ...files, '--data', data);
    assert.equal(again.code, 0, again.stderr);
    const [, lines, added, known] = /^(\d+) lines: (\d+) events added, (\d+) were there already/.exec(again.stdout) ?? [];
    assert.equal(Number(lines), 16_000);
    assert.equal(Number(added) + Number(known), 16_000);
    assert.ok(Number(known) >= 1_600);
    compare(await readBack(server, expected(logs).keys()), expected(logs));
  });

  it('takes a channel for all files, and with --speed the times of now', async () => {
    await using stage = new Stage();
    const server = await stage.serve(stage.folder());
    const logs = madeLogs(2, 30);
    const files = write(stage.folder(), logs);
    const began = Date.now();
    const played = await hubbub('import', 'irc', ...files, '--channel', 'room:all', '--speed', '1000000', '--data', server.data);
    assert.equal(played.code, 0, played.stderr);
    const lines = expected(logs, 'room:all').get('room:all') ?? [];
    const events = (await readBack(server, ['room:all'])).get('room:all') ?? [];
    assert.deepEqual(
      events.map(({ id, body }) => ({ id, body })),
      lines.map(({ id, body }) => ({ id, body })),
    );
    assert.ok(events.every(({ ts }) => ts >= began - 1_000 && ts <= Date.now() + 1_000));
  });

  it('says what is wrong, with what is in already', async () => {
    await using stage = new Stage();
    const server = await stage.serve(stage.folder());
    const [file = ''] = write(stage.folder(), madeLogs(1, 10));
    const guest = (await hubbub('token', '--sub', 'ann', '--data', server.data)).stdout.trim();
    const wrong: [string[], number, RegExp][] = [
      [[], 2, /missing required argument/],
      [[join(server.data, 'nothing.txt')], 1, /nothing\.txt cannot be read: ENOENT/],
      [[file, '--channel', 'general'], 2, /general is no name of a channel; --channel .* room:general/],
      [[file, '--speed', '0'], 2, /A number above 0/],
      [[file, '--channel', 'sys:keys'], 1, /\(forbidden\); 0 events were added/],
      [[file, '--url', server.url, '--token', guest], 1, /\(forbidden\); 0 events were added/],
      [[file, '--url', server.url, '--token', 'nonsense'], 1, /the server refuses: .*\(unauthorized\)/],
    ];
    for (const [args, code, message] of wrong) {
      const ended = await hubbub('import', 'irc', ...args, '--data', server.data);
      assert.deepEqual([ended.code, message.test(ended.stderr)], [code, true], ended.stderr);
      assert.ok(!ended.stderr.includes('    at '), 'no stack');
    }
  });
});
