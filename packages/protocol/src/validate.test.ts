import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type CommandName, commands } from './frames.ts';
import { isCommandName, whatIsWrong } from './validate.ts';

type Frame = Record<string, unknown>;

const id = '0198c0de-0000-7000-8000-000000000001';
/** The smallest and the fullest frame of each command. */
const good: Record<CommandName, { least: Frame; full: Frame }> = {
  hello: {
    least: { req: 1, cmd: 'hello', protocol: 1, session: id },
    full: { req: 1, cmd: 'hello', protocol: 1, build: 'b', session: id, token: 't', name: 'ann' },
  },
  subscribe: {
    least: { req: 2, cmd: 'subscribe', to: [{ channel: 'room:x' }] },
    full: { req: 2, cmd: 'subscribe', to: [{ channel: 'room:x', position: '7~e', maxGap: 0 }, { channel: 'room:y' }] },
  },
  unsubscribe: {
    least: { req: 3, cmd: 'unsubscribe', channels: ['room:x'] },
    full: { req: 3, cmd: 'unsubscribe', channels: ['room:x', 'room:y'] },
  },
  send: {
    least: { req: 4, cmd: 'send', channel: 'room:x', events: [{ id, kind: 'message', body: null }] },
    full: { req: 4, cmd: 'send', channel: 'room:x', events: [{ id, kind: 'message', body: { a: [1] }, from: 'ann', ts: 0 }] },
  },
  history: {
    least: { req: 7, cmd: 'history', channel: 'room:x' },
    full: { req: 7, cmd: 'history', channel: 'room:x', before: '7~e', after: '7~e', limit: 128 },
  },
  facts: {
    least: { req: 8, cmd: 'facts', channel: 'room:x' },
    full: { req: 8, cmd: 'facts', channel: 'room:x', prefix: 'member:', after: '7~e', about: [1, 9], next: 'x', limit: 1_000 },
  },
  channels: {
    least: { req: 10, cmd: 'channels', of: 'mine' },
    full: { req: 10, cmd: 'channels', of: 'public', next: 'x', limit: 500 },
  },
  refresh: { least: { req: 11, cmd: 'refresh', token: 't' }, full: { req: 11, cmd: 'refresh', token: 't' } },
  inbox: { least: { req: 6, cmd: 'inbox', on: true }, full: { req: 6, cmd: 'inbox', on: false } },
  signal: {
    least: { req: 9, cmd: 'signal', channel: 'room:x', kind: 'typing', body: null },
    full: { req: 9, cmd: 'signal', channel: 'room:x', kind: 'typing', body: { on: true } },
  },
  presence: {
    least: { req: 10, cmd: 'presence', channel: 'room:x', on: true },
    full: { req: 10, cmd: 'presence', channel: 'room:x', on: false, after: 'ann' },
  },
  ping: { least: { req: 5, cmd: 'ping' }, full: { req: Number.MAX_SAFE_INTEGER, cmd: 'ping' } },
  backup: { least: { req: 7, cmd: 'backup', path: '/a' }, full: { req: 7, cmd: 'backup', path: `/${'x'.repeat(4095)}` } },
  check: { least: { req: 8, cmd: 'check' }, full: { req: 9, cmd: 'check' } },
  trim: {
    least: { req: 8, cmd: 'trim', channel: 'room:x', before: '7~e' },
    full: { req: 9, cmd: 'trim', channel: 'room:x', before: '7~e' },
  },
  epoch: { least: { req: 8, cmd: 'epoch' }, full: { req: 9, cmd: 'epoch' } },
};

/** A value that the member cannot have: another type, and the bounds. Where a command's member has others than its namesakes, by both names. */
const wrong: Record<string, readonly unknown[]> = {
  req: [0, -1, 1.5, '1', null, 2 ** 53],
  cmd: ['other', '', 1, null],
  protocol: ['1', 1.5, null],
  build: [1, null, 'x'.repeat(65)],
  session: [1, null, 'x'.repeat(65)],
  token: [1, null, 'x'.repeat(8193)],
  name: [1, null, {}, 'x'.repeat(257)],
  to: [[], {}, null, 'room:x', [null], ['room:x'], [[]]],
  channels: [[], 'room:x', null, [1], ['x'.repeat(257)]],
  channel: [1, null, 'x'.repeat(257)],
  events: [[], {}, null, [null], ['x']],
  position: [1, null, 'x'.repeat(65)],
  maxGap: [-1, 0.5, '1', null],
  id: [1, null, 'x'.repeat(65)],
  kind: [1, null, 'x'.repeat(65)],
  from: [1, null, 'x'.repeat(257)],
  after: [1, null, 'x'.repeat(65)],
  'presence after': [1, null, 'x'.repeat(257)],
  prefix: [1, null, 'x'.repeat(257)],
  about: [1, null, [], [1], [1, 2, 3], [-1, 2], ['1', '2']],
  next: [1, null, 'x'.repeat(1_025)],
  limit: [0, 0.5, '1', null, 1_001],
  on: [1, 'true', null],
  of: ['all', '', 1, null],
  path: [1, null, '', 'x'.repeat(4097)],
  before: [1, null, 'x'.repeat(65)],
  ts: [-1, 0.5, '1', null, 2 ** 53],
};

function without(frame: Frame, member: string): Frame {
  return Object.fromEntries(Object.entries(frame).filter(([name]) => name !== member));
}

function refused(name: CommandName, frame: unknown): void {
  const text = whatIsWrong(name, frame);
  assert.ok(typeof text === 'string' && text.length > 0, JSON.stringify(frame));
}

/** Every member of `full`, left out and set wrong, in a frame made by `inside`. */
function members(name: CommandName, least: Frame, full: Frame, inside: (part: Frame) => unknown): void {
  for (const member of Object.keys(full)) {
    if (member in least) refused(name, inside(without(full, member)));
    else assert.equal(whatIsWrong(name, inside(without(full, member))), undefined, `${member} can be left out`);
    if (member === 'body') continue;
    const values = wrong[`${name} ${member}`] ?? wrong[member] ?? [];
    assert.ok(values.length > 0, `${member} has wrong values`);
    for (const value of values) refused(name, inside({ ...full, [member]: value }));
  }
}

describe('validate', () => {
  for (const name of Object.keys(commands) as CommandName[]) {
    const { least, full } = good[name];
    const same = (frame: Frame): Frame => frame;

    it(`P13: ${name}: takes what is written well`, () => {
      assert.equal(whatIsWrong(name, least), undefined);
      assert.equal(whatIsWrong(name, full), undefined);
    });

    it(`P13: ${name}: tells what is missing or wrong`, () => members(name, least, full, same));

    it(`P13, P19: ${name}: ${name === 'hello' ? 'takes' : 'refuses'} a member that is not known`, () => {
      const text = whatIsWrong(name, { ...full, another: 1 });
      assert.equal(text === undefined, name === 'hello');
    });

    it(`P13: ${name}: refuses what is no object, and another command`, () => {
      for (const frame of [null, undefined, 1, 'x', [], {}]) refused(name, frame);
      for (const other of Object.keys(good) as CommandName[]) if (other !== name) refused(name, good[other].full);
    });
  }

  it('P13: subscribe: tells what is wrong with a target', () => {
    const frame = (target: Frame): Frame => ({ ...good.subscribe.full, to: [{ channel: 'room:y' }, target] });
    members('subscribe', { channel: 'room:x' }, { channel: 'room:x', position: '0', maxGap: 1 }, frame);
    refused('subscribe', frame({ channel: 'room:x', maxgap: 1 }));
  });

  it('P13: send: tells what is wrong with an event', () => {
    const least = { id, kind: 'message', body: 1 };
    const frame = (draft: Frame): Frame => ({ ...good.send.full, events: [least, draft] });
    members('send', least, { ...least, from: 'ann', ts: 1 }, frame);
    refused('send', frame({ ...least, extra: 1 }));
  });

  it('P13: says where the mistake is', () => {
    assert.match(whatIsWrong('send', { ...good.send.least, channel: 1 }) ?? '', /channel/);
    assert.match(whatIsWrong('subscribe', { ...good.subscribe.least, to: [{ channel: 1 }] }) ?? '', /to\/0\/channel/);
  });

  it('P13: knows the names of the commands, and no other', () => {
    for (const name of Object.keys(commands)) assert.ok(isCommandName(name));
    for (const name of ['', 'Hello', 'toString', 'constructor', '__proto__', 'hasOwnProperty']) assert.ok(!isCommandName(name));
  });
});
