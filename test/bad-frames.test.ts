/** What no well-behaved client says, said to a real server: each gets its code, and the server goes on. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { limits } from '@hubbub/protocol/limits';
import { RawLink } from './raw-link.ts';
import { adminToken, complaints, createRooms, type RunningServer, Stage } from './server-rig.ts';

const id = '00000000-0000-7000-8000-000000000001';
const nested = (depth: number): string => `${'['.repeat(depth)}1${']'.repeat(depth)}`;

describe('bad frames', () => {
  let stage: Stage;
  let server: RunningServer;
  /** A client that behaves: it must notice nothing. */
  let witness: RawLink;

  before(async () => {
    stage = new Stage();
    server = await stage.serve(stage.folder());
    await createRooms(server, 'room:bad', 'room:limits');
    witness = await RawLink.open(server.url, { name: 'witness' });
  });

  after(async () => {
    assert.deepEqual(await witness.ask('ping').then(({ error }) => error), undefined);
    witness[Symbol.dispose]();
    assert.equal(complaints(server), '');
    assert.deepEqual(await server.process.kill('SIGTERM'), { code: 0, signal: null });
    await stage[Symbol.asyncDispose]();
  });

  describe('close the link', () => {
    const closing: [string, string | Buffer, string][] = [
      ['malformed JSON', '{"req":1,', '4400 bad_frame'],
      ['nothing', '', '4400 bad_frame'],
      ['an array', '[]', '4400 bad_frame'],
      ['null', 'null', '4400 bad_frame'],
      ['no number', '{"cmd":"ping"}', '4400 bad_frame'],
      ['number 0', '{"req":0,"cmd":"ping"}', '4400 bad_frame'],
      ['a number that is no integer', '{"req":1.5,"cmd":"ping"}', '4400 bad_frame'],
      ['a number beyond all integers', '{"req":1e300,"cmd":"ping"}', '4400 bad_frame'],
      ['a text for a number', '{"req":"1","cmd":"ping"}', '4400 bad_frame'],
      ['a binary message', Buffer.from('{"req":1,"cmd":"ping"}'), '4400 bad_frame'],
      ['depth without end', '['.repeat(100_000), '4400 bad_frame'],
      ['a frame too large', `{"req":1,"cmd":"ping","x":"${'x'.repeat(limits.frameBytes)}"}`, '1009 frame_too_large'],
    ];
    for (const signedIn of [false, true]) {
      for (const [what, frame, end] of closing) {
        it(`${what}, ${signedIn ? 'signed in' : 'before hello'}: ${end}`, async () => {
          using link = await RawLink.open(server.url, signedIn ? { name: 'ann' } : undefined);
          link.send(frame);
          assert.equal(await link.closed, end);
          assert.equal(link.heard.find(({ push }) => push === 'error')?.error?.code, end.slice(5));
        });
      }
    }

    it('a command before hello: hello_first', async () => {
      using link = await RawLink.open(server.url);
      link.send('{"req":1,"cmd":"ping"}');
      assert.equal(await link.closed, '4402 hello_first');
    });

    const hellos: [string, Record<string, unknown>, string][] = [
      ['another protocol', { protocol: 2, name: 'ann', news: true }, '4426 upgrade_required'],
      ['a wrong token', { protocol: 1, token: 'x.y.z' }, '4401 unauthorized'],
      ['an empty token', { protocol: 1, token: '' }, '4401 unauthorized'],
    ];
    for (const [what, members, end] of hellos) {
      it(`${what}: ${end}`, async () => {
        using link = await RawLink.open(server.url);
        link.send(JSON.stringify({ req: 1, cmd: 'hello', session: id, ...members }));
        assert.equal(await link.closed, end);
      });
    }
  });

  describe('are answered by their number, and close nothing', () => {
    const hello = '"cmd":"hello","protocol":1,';
    const unsigned: [string, string, string][] = [
      ['no name and no token', `${hello}"session":"${id}"`, 'bad_command'],
      ['both', `${hello}"session":"${id}","name":"ann","token":"x"`, 'bad_command'],
      ['a session that is none', `${hello}"session":"x","name":"ann"`, 'bad_id'],
      ['an empty name', `${hello}"session":"${id}","name":""`, 'bad_name'],
      ['a name too long', `${hello}"session":"${id}","name":"${'x'.repeat(65)}"`, 'bad_name'],
      ['a name with a control character', `${hello}"session":"${id}","name":"a\\u0000b"`, 'bad_name'],
      ['a name with a line break', `${hello}"session":"${id}","name":"a\\nb"`, 'bad_name'],
      ['a name that is half a character', `${hello}"session":"${id}","name":"\\ud800"`, 'bad_name'],
    ];
    for (const [what, members, code] of unsigned) {
      it(`hello with ${what}: ${code}`, async () => {
        using link = await RawLink.open(server.url);
        link.send(`{"req":41,${members}}`);
        assert.equal((await link.until(({ res }) => res === 41)).error?.code, code);
        assert.equal((await link.ask('hello', { protocol: 1, session: id, name: 'ann' })).error, undefined);
      });
    }

    const event = (members: string): string => `"cmd":"send","channel":"room:bad","events":[{"id":"${id}","kind":"message",${members}}]`;
    const signed: [string, string, string][] = [
      ['an unknown command', '"cmd":"shout"', 'unknown_command'],
      ['a command called like a member of every object', '"cmd":"__proto__"', 'unknown_command'],
      ['another one', '"cmd":"constructor"', 'unknown_command'],
      ['no command', '"x":1', 'unknown_command'],
      ['a member too many', '"cmd":"ping","x":1', 'bad_command'],
      ['a member __proto__', '"cmd":"ping","__proto__":{"cmd":"hello"}', 'bad_command'],
      ['a member missing', '"cmd":"send","channel":"room:bad"', 'bad_command'],
      ['a member of another type', '"cmd":"subscribe","to":"room:bad"', 'bad_command'],
      ['a second hello', `"cmd":"hello","protocol":1,"session":"${id}","name":"bob"`, 'bad_command'],
      ['a channel that is none', '"cmd":"send","channel":"general","events":[{"id":"x","kind":"x","body":1}]', 'bad_channel'],
      ['a control character in a channel', '"cmd":"subscribe","to":[{"channel":"room:a\\u0000"}]', 'bad_channel'],
      ['an escaped one', '"cmd":"subscribe","to":[{"channel":"room:a%00"}]', 'bad_channel'],
      ['a channel __proto__', '"cmd":"subscribe","to":[{"channel":"__proto__"}]', 'bad_channel'],
      ['a position that is none', '"cmd":"subscribe","to":[{"channel":"room:bad","position":"7"}]', 'bad_position'],
      ['a negative position', '"cmd":"subscribe","to":[{"channel":"room:bad","position":"-1~x"}]', 'bad_position'],
      ["another's channel", '"cmd":"subscribe","to":[{"channel":"user:admin"}]', 'forbidden'],
      ["the system's channel", `"cmd":"send","channel":"sys:keys","events":[{"id":"${id}","kind":"x","body":1}]`, 'forbidden'],
      ['an id that is none', '"cmd":"send","channel":"room:bad","events":[{"id":"x","kind":"x","body":1}]', 'bad_id'],
      ['a kind that is none', `"cmd":"send","channel":"room:bad","events":[{"id":"${id}","kind":"Kind\\n","body":1}]`, 'bad_kind'],
      ['a body too large', event(`"body":"${'x'.repeat(limits.bodyBytes - 1)}"`), 'too_large'],
      ['a body too deep', event(`"body":${nested(limits.bodyDepth + 1)}`), 'bad_body'],
      ['a number that is not finite', event('"body":{"x":1e999}'), 'bad_body'],
      ['a key __proto__ in a body', event('"body":{"__proto__":{"x":1}}'), 'bad_body'],
      ['a key __proto__ deep in a body', event('"body":[{"a":{"__proto__":1}}]'), 'bad_body'],
      ['half a character in a body', event('"body":"\\ud800"'), 'bad_body'],
      ["somebody else's name", event('"body":1,"from":"admin"'), 'forbidden'],
      ['a sender that is none', event('"body":1,"from":"a\\u0000b"'), 'bad_name'],
      ['a time of its own', event('"body":1,"ts":5'), 'forbidden'],
      ['too many channels', `"cmd":"subscribe","to":[${Array(501).fill('{"channel":"room:a"}')}]`, 'too_many'],
      [
        'too many events',
        `"cmd":"send","channel":"room:bad","events":[${Array(65).fill(`{"id":"${id}","kind":"x","body":1}`)}]`,
        'too_many',
      ],
    ];
    for (const [what, members, code] of signed) {
      it(`${what}: ${code}`, async () => {
        using link = await RawLink.open(server.url, { name: 'ann' });
        link.send(`{"req":41,${members}}`);
        const answer = await link.until(({ res }) => res === 41);
        const [first] = (answer['results'] ?? []) as { error?: { code: string } }[];
        assert.equal((answer.error ?? first?.error)?.code, code, JSON.stringify(answer));
        assert.equal((await link.ask('ping')).error, undefined);
      });
    }

    it('nothing of it was written', async () => {
      const { results } = await witness.ask('subscribe', { to: [{ channel: 'room:bad', position: '0' }] });
      assert.equal((results as { head: number }[])[0]?.head, 1);
    });

    it('at each limit it is taken', async () => {
      using link = await RawLink.open(server.url, { name: 'ann' });
      const bodies = ['x'.repeat(limits.bodyBytes - 2), JSON.parse(nested(limits.bodyDepth))];
      const events = Array.from({ length: limits.sendEvents }, (_, at) => ({
        id: crypto.randomUUID(),
        kind: 'message',
        body: bodies[at] ?? at,
      }));
      const { results } = await link.ask('send', { channel: 'room:limits', events });
      assert.deepEqual(
        (results as { offset: number }[]).map(({ offset }) => offset),
        events.map((_, at) => at + 2),
      );
      assert.equal(((await link.ask('subscribe', { to: Array(500).fill({ channel: 'room:a' }) }))['results'] as unknown[]).length, 500);
    });
  });

  it('positions beyond the head, and of another history, are reset', async () => {
    using admin = await RawLink.open(server.url, { token: adminToken(server) });
    const sent = await admin.ask('send', { channel: 'room:a', events: [{ id, kind: 'message', body: 1 }] });
    const epoch = sent['epoch'] as string;
    const table: [string, string][] = [
      [`2~${epoch}`, 'beyond_head'],
      [`9007199254740991~${epoch}`, 'beyond_head'],
      ['1~another', 'new_epoch'],
      ['0~another', 'new_epoch'],
    ];
    for (const [position, reason] of table) {
      using link = await RawLink.open(server.url, { name: 'ann' });
      const { results } = await link.ask('subscribe', { to: [{ channel: 'room:a', position }] });
      const [result] = results as { position: string; head: number }[];
      assert.equal(result?.head, 1);
      const reset = await link.until(({ push, state }) => push === 'state' && state === 'reset');
      assert.deepEqual([reset['reason'], reset['position']], [reason, `0~${epoch}`]);
      const pushed = await link.until(({ push }) => push === 'events');
      assert.equal((pushed['events'] as { offset: number }[])[0]?.offset, 1);
    }
  });
});
