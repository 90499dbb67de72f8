/** Every code of the table is provoked here, through a whole node: a code without an entry is a type error, one that does not come fails. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Code, codes } from '@hubbub/protocol/codes';
import { limits } from '@hubbub/protocol/limits';
import { type Stage as NodeStage, nodeStage, type StageOptions, TestLink } from '@hubbub/server/core/node.fixture';
import { type Item, type Store, StoreError } from '@hubbub/server/store/store';
import { RawLink } from './raw-link.ts';
import { Stage } from './server-rig.ts';

const id = (number: number): string => `40000000-0000-7000-8000-${String(number).padStart(12, '0')}`;
const draft = (number: number, more: object = {}): object => ({ id: id(number), kind: 'say', body: 1, ...more });
const room = 'room:a';

/** A node, and somebody who is a member of the room. */
async function member(options: StageOptions = {}): Promise<{ stage: NodeStage; link: TestLink }> {
  const stage = await nodeStage(options);
  stage.join(room, 'ann');
  return { stage, link: await stage.link('ann') };
}

/** The code with which a command is refused, as a whole or (events, channels) in its one result. */
async function refused(stage: NodeStage, link: TestLink, cmd: string, members: object): Promise<unknown> {
  const req = link.say(cmd, members);
  await stage.clock.settle();
  const { error, results } = (link.reply(req) ?? {}) as { error?: { code: string }; results?: { error?: { code: string } }[] };
  return error?.code ?? results?.at(-1)?.error?.code;
}

/** The same, of a member of the room on a fresh node. */
async function refusal(cmd: string, members: object, options: StageOptions = {}): Promise<unknown> {
  const { stage, link } = await member(options);
  return refused(stage, link, cmd, members);
}

/** A link that has not said hello. */
async function stranger(say: (stage: NodeStage, link: TestLink) => unknown, options: StageOptions = {}): Promise<unknown> {
  const stage = await nodeStage(options);
  const link = new TestLink(() => stage.clock.env.now());
  link.sink = stage.node.attach(link);
  await say(stage, link);
  await stage.clock.settle();
  return link.closed;
}

/** A store that appends, or does not, as it is told. */
const appending =
  (append: (store: Store, items: readonly Item[]) => ReturnType<Store['append']>) =>
  (store: Store): Store => ({ ...store, append: (items) => append(store, items) });

const send = (...events: object[]): object => ({ channel: room, events });
const hello = { protocol: 1, session: id(1), name: 'ann' };

const provoked: { readonly [Name in Code]: () => Promise<unknown> } = {
  bad_frame: () => stranger((_, link) => link.sink?.onFrame('not a command')),
  hello_first: () => stranger((_, link) => link.say('ping', {})),
  unauthorized: () => stranger((_, link) => link.say('hello', hello), { identify: async () => ({ refused: 'unauthorized', text: 'no' }) }),
  hello_timeout: () => stranger((stage) => stage.clock.pass(10_000)),
  frame_too_large: async () => {
    await using stage = new Stage();
    const server = await stage.serve(stage.folder());
    using link = await RawLink.open(server.url, { name: 'ann' });
    link.send(`"${'x'.repeat(256 * 1_024)}"`);
    return (await link.closed).split(' ')[1];
  },
  upgrade_required: () => stranger((_, link) => link.say('hello', { ...hello, protocol: 99 })),
  silent: async () => {
    const { stage, link } = await member();
    link.silentSince = stage.clock.env.now();
    await stage.clock.pass(70_000);
    return link.closed;
  },
  draining: async () => {
    const { stage } = await member();
    void stage.node.close(10_000);
    return (await stage.link('ben')).closed;
  },
  closing: async () => {
    const { stage, link } = await member();
    await stage.node.close();
    return link.closed;
  },
  bad_command: () => refusal('ping', { extra: 1 }),
  unknown_command: () => refusal('fly', {}),
  bad_channel: () => refusal('subscribe', { to: [{ channel: 'nowhere' }] }),
  bad_position: () => refusal('subscribe', { to: [{ channel: room, position: '7' }] }),
  bad_name: () => refusal('send', send(draft(1, { from: 'a b' }))),
  bad_id: () => refusal('send', send(draft(1, { id: 'x' }))),
  bad_kind: () => refusal('send', send(draft(1, { kind: 'Nope!' }))),
  bad_body: () => refusal('send', send(draft(1, { body: JSON.parse(`${'['.repeat(18)}${']'.repeat(18)}`) }))),
  bad_empties: () => refusal('send', send(draft(1)), { admit: async () => ({ ok: true, counts: true, empties: [99] }) }),
  not_stored: () => refusal('send', send(draft(1)), { meddle: appending(() => Promise.reject(new StoreError('poison', 'not this'))) }),
  too_large: () => refusal('send', send(draft(1, { body: 'x'.repeat(16_384) }))),
  too_many: () => refusal('send', send(...Array.from({ length: 65 }, (_, at) => draft(at)))),
  too_fast: async () => {
    const { stage, link } = await member();
    for (let at = 0; at < limits.commandBurst; at++) {
      link.say('ping', {});
      if (at % limits.commandsInFlight === 0) await stage.clock.settle();
    }
    await stage.clock.settle();
    return refused(stage, link, 'ping', {});
  },
  forbidden: () => refusal('subscribe', { to: [{ channel: 'room:not-mine' }] }),
  id_conflict: () => refusal('send', send(draft(1), draft(1, { body: 2 }))),
  not_supported: () => refusal('presence', { channel: room, on: true }, { alone: true }),
  busy: async () => {
    const { stage, link } = await member();
    link.say('send', send(draft(1)));
    return refused(stage, link, 'send', send(draft(2)));
  },
  // What it is decided on changes whenever it has been.
  conflict: () =>
    refusal('send', send(draft(1)), { admit: async () => ({ ok: true, counts: true, requires: [{ key: 'k', value: '"other"' }] }) }),
  overloaded: async () => {
    const never = appending(() => new Promise(() => {}));
    const { stage, link } = await member({ lane: { items: 4 }, meddle: never });
    link.say('send', send(draft(1)));
    return refused(stage, await stage.link('ben'), 'send', send(draft(2)));
  },
  unavailable: () => refusal('send', send(draft(1)), { meddle: appending(() => Promise.reject(new StoreError('unavailable', 'not now'))) }),
  unknown: () => refusal('send', send(draft(1)), { meddle: appending(() => Promise.reject(new StoreError('unknown', 'who knows'))) }),
};

describe('codes', () => {
  for (const code of Object.keys(codes) as Code[]) {
    it(`${code} is what comes of it`, async () => assert.equal(await provoked[code](), code));
  }
});
