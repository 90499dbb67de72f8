import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeName, isChannel, isId, isUser } from '@hubbub/protocol/names';
import { allLogs, type Log, madeLogs } from './irc.fixture.ts';
import { channelOfFile, type IrcEvent, parseIrc } from './irc.ts';

const file = 'made-2010-03-01.part.txt';
const at = (time: string, date = '2010-03-01'): number => Date.parse(`${date}T${time}Z`);

function parse(...lines: string[]): IrcEvent[] {
  return parseIrc(lines.join('\n'), `logs/${file}`, 'room:made');
}

function one(line: string, name = file): Omit<IrcEvent, 'id'> & { text: string } {
  const [event] = parseIrc(`${line}\n`, name, 'room:made');
  assert.ok(event);
  const { id: _, ...rest } = event;
  return { ...rest, text: event.body.text };
}

describe('irc', () => {
  describe('lines', () => {
    const table: [string, string, string, string][] = [
      ['[04:58] <bob> hello there', 'bob', 'message', 'hello there'],
      ['[04:58] <bob>  two spaces, trailing  ', 'bob', 'message', ' two spaces, trailing  '],
      ['[04:58] <bob> <eve> quoted', 'bob', 'message', '<eve> quoted'],
      ['[04:58] <bob> === not a note', 'bob', 'message', '=== not a note'],
      ['[04:58] <bob> ', 'bob', 'message', ''],
      ['[04:58] <bob>', 'bob', 'message', ''],
      ['[04:58] <[k]> hm', '%5Bk%5D', 'message', 'hm'],
      ['[04:58] <Zoë> hm', 'Zo%C3%AB', 'message', 'hm'],
      ['[04:58] * bob waves', 'bob', 'action', 'waves'],
      ['[04:58]  * bob waves', 'bob', 'action', 'waves'],
      ['[04:58]  * bob', 'bob', 'action', ''],
      ['=== bob has joined #made', 'irc', 'note', '=== bob has joined #made'],
      ['made 2010-03-02 [04:58:59] <bob> hello', 'bob', 'message', 'hello'],
      ['made 2010-03-02 [04:58] <bob> hello', 'bob', 'message', 'hello'],
      ['made 2010-03-02 [04:58:59] <bob>\t hello', 'bob', 'message', '\t hello'],
      ['made 2010-03-02 [04:58:59] * bob waves', 'bob', 'action', 'waves'],
      ['made 2010-03-02 <bob> hello', 'bob', 'message', 'hello'],
      ['made 2010-03-02 === bob is now known as eve', 'irc', 'note', '=== bob is now known as eve'],
      ['[04:58] -bob- a notice', 'irc', 'message', '[04:58] -bob- a notice'],
      ['made 2010-03-02 [04:58:59] -bob- a notice', 'irc', 'message', 'made 2010-03-02 [04:58:59] -bob- a notice'],
      ['no log at all', 'irc', 'message', 'no log at all'],
      ['', 'irc', 'message', ''],
    ];
    for (const [line, from, kind, text] of table) {
      it(JSON.stringify(line), () => {
        const event = one(line, file);
        assert.deepEqual([event.from, event.kind, event.text], [from, kind, text]);
      });
    }

    it('gives a nick that is no user even when encoded to nobody', () => {
      assert.equal(one(`[04:58] <${'日'.repeat(40)}> hm`).from, 'irc');
      assert.equal(one('[04:58] <a\u0001b> hm').from, 'irc');
    });

    it('makes one event of each line, whatever ends it', () => {
      assert.equal(parseIrc('a\nb\n', file, 'room:made').length, 2);
      assert.equal(parseIrc('a\nb', file, 'room:made').length, 2);
      assert.equal(parseIrc('a\n\nb\n', file, 'room:made').length, 3);
      assert.equal(parseIrc('', file, 'room:made').length, 0);
      assert.deepEqual(
        parseIrc('a\r\nb\r\n', file, 'room:made').map(({ body }) => body.text),
        ['a', 'b'],
      );
    });
  });

  describe('times', () => {
    const times = (...lines: string[]): number[] => parse(...lines).map(({ ts }) => ts);

    it('takes the day from the name of the file, in UTC; what has no clock follows what was before it', () => {
      assert.deepEqual(times('=== first', '[04:58] <bob> a', '=== b', '[04:59:07] <bob> c'), [
        at('00:00:00'),
        at('04:58:00'),
        at('04:58:00'),
        at('04:59:07'),
      ]);
    });

    it('takes the day from the line where it says one', () => {
      assert.deepEqual(times('x 2011-05-06 [01:02:03] <bob> a', 'x 2011-05-06 [01:03] <bob> b', 'x 2011-05-07 === c'), [
        at('01:02:03', '2011-05-06'),
        at('01:03:00', '2011-05-06'),
        at('00:00:00', '2011-05-07'),
      ]);
    });

    it('adds a day when the clock goes back by more than an hour, and none when by less', () => {
      assert.deepEqual(times('[23:50] <bob> a', '[23:20] <bob> b', '[00:10] <bob> c', '[00:20] <bob> d', '[00:00] <bob> e'), [
        at('23:50:00'),
        at('23:50:00'),
        at('00:10:00', '2010-03-02'),
        at('00:20:00', '2010-03-02'),
        at('00:20:00', '2010-03-02'),
      ]);
    });

    it('begins somewhere where nothing says a day', () => {
      assert.equal(one('[01:00] <bob> a', 'log.txt').ts, 3_600_000);
      assert.equal(one('x 2011-05-06 [01:02:03] <bob> a', 'log.txt').ts, at('01:02:03', '2011-05-06'));
    });

    it('is not led astray by a clock that is none', () => {
      assert.deepEqual(times('[04:58] <bob> a', 'x 2010-13-77 [99:99:99] <bob> b', '[04:59] <bob> c'), [
        at('04:58:00'),
        at('04:58:00'),
        at('04:59:00'),
      ]);
    });
  });

  describe('ids', () => {
    it('follow from channel, file name, number and line alone', () => {
      const ids = (name: string, channel: string, text: string): string[] => parseIrc(text, name, channel).map(({ id }) => id);
      const first = ids('a.txt', 'room:a', 'x\nx\n');
      assert.deepEqual(ids('elsewhere/a.txt', 'room:a', 'x\nx\n'), first);
      assert.equal(
        new Set([...first, ...ids('b.txt', 'room:a', 'x'), ...ids('a.txt', 'room:b', 'x'), ...ids('a.txt', 'room:a', 'y')]).size,
        5,
      );
      for (const id of first) {
        assert.ok(isId(id));
        assert.equal(id[14], '8');
      }
    });
  });

  it('names the channel after the file', () => {
    assert.equal(channelOfFile('x/y/made-2004-12-25.part-c.txt'), 'room:made');
    assert.equal(channelOfFile('made-meeting.0.txt'), 'room:made-meeting');
    assert.equal(channelOfFile('café.txt'), 'room:caf%C3%A9');
    assert.equal(isChannel(channelOfFile('.txt')), false);
  });

  /** What must hold of any log, said of the events without the parser's own patterns. */
  function holds({ name, text }: Log): void {
    const lines = text.replace(/\n$/, '').split('\n');
    const events = parseIrc(text, name, channelOfFile(name));
    assert.equal(events.length, lines.length);
    assert.equal(new Set(events.map(({ id }) => id)).size, events.length);
    let last = 0;
    events.forEach(({ from, kind, body, ts }, index) => {
      const line = lines[index] ?? '';
      const where = `${name}, line ${index + 1}`;
      assert.ok(line.endsWith(body.text), where);
      assert.ok(isUser(from), where);
      assert.ok(
        from === 'irc' || line.includes(decodeName(from) ?? '\n') || line.normalize('NFC').includes(decodeName(from) ?? '\n'),
        where,
      );
      // All that is not the text is the stamp and the nick.
      if (kind === 'message' && from !== 'irc')
        assert.equal(line.slice(0, line.length - body.text.length).match(/<[^>]+> ?$/)?.length, 1, where);
      if (kind === 'note') assert.match(body.text, /^===/, where);
      assert.ok(Number.isSafeInteger(ts) && ts >= last, where);
      last = ts;
    });
  }

  it('reads whole logs', (t) => {
    const { logs, origin } = allLogs();
    t.diagnostic(`${origin}: ${logs.length} files`);
    for (const log of logs) holds(log);
    // Nearly all is talk: a pattern that misses would show as lines that nobody said.
    const events = logs.flatMap(({ name, text }) => parseIrc(text, name, channelOfFile(name)));
    const unsaid = events.filter(({ from, kind }) => from === 'irc' && kind === 'message').length;
    assert.ok(unsaid / events.length < 0.02, `${unsaid} of ${events.length}`);
    assert.ok(events.some(({ kind }) => kind === 'action') && events.some(({ kind }) => kind === 'note'));
  });

  it('reads made logs of any seed', () => {
    for (let seed = 1; seed <= 20; seed++) for (const log of madeLogs(4, 50, seed)) holds(log);
  });
});
