/** The server goes, comes back, is not there yet, or only looks as if it were there. */
import assert from 'node:assert/strict';
import { type Ground, type Member, type Rule, rule, until } from './rule.contract.ts';

const manyChannels = 100_000;

/** Members that listen. Where a first connection came late, that was a gap, and is none of what follows. */
async function listening({ member, settled }: Ground, ...opens: Parameters<Ground['member']>[]): Promise<Member[]> {
  const members = await Promise.all(opens.map((open) => member(...open)));
  await settled();
  for (const { broker } of members) await broker.subscribe(['room:a']);
  for (const { gaps } of members) gaps.length = 0;
  return members;
}

/** Members that have each been told of one gap, and hear what is said. */
async function allIsWell({ settled }: Ground, members: readonly Member[]): Promise<void> {
  for (const { gaps } of members) await until('a gap is told', () => gaps.length > 0);
  await settled();
  for (const { envelopes } of members) envelopes.length = 0;
  members[0]?.broker.publish('room:a', 'as before');
  await settled();
  for (const { envelopes, gaps } of members) {
    assert.deepEqual(envelopes, ['room:a as before']);
    assert.equal(gaps.length, 1, gaps.join('\n'));
  }
}

/** What it says at the gap comes back to it only if the subscriptions stand by then. */
async function standsAtGap({ settled }: Ground, { envelopes, gaps }: Member): Promise<void> {
  await until('a gap is told', () => gaps.length > 0);
  await settled();
  assert.ok(envelopes.includes('room:a at the gap'), 'the subscription did not stand at the gap');
}

function sayAtGap(member: Member): void {
  member.onGap = () => member.broker.publish('room:a', 'at the gap');
}

export const serverRules: readonly Rule[] = [
  rule('B7', 'the server killed and started again: subscriptions stand, and behind that one gap is told', ['server'], async (ground) => {
    const { server } = ground;
    const members = await listening(ground, [], []);
    for (const one of members) sayAtGap(one);
    await server.kill();
    await server.start();
    for (const one of members) await standsAtGap(ground, one);
    await allIsWell(ground, members);
  }),

  rule(
    'B8',
    'without a server, publish neither throws nor queues: dropped, counted, and never heard of again',
    ['server'],
    async (ground) => {
      const { member, settled, server } = ground;
      const one = await member();
      const { broker, envelopes } = one;
      await broker.subscribe(['room:a']);
      await settled();
      await server.kill();
      await one.down();
      const { dropped } = broker;
      for (let count = 0; count < 100; count++) broker.publish('room:a', 'into the void');
      assert.equal(broker.dropped, dropped + 100);
      await server.start();
      await until('a gap is told', () => one.gaps.length > 0);
      broker.publish('room:a', 'as before');
      await settled();
      assert.deepEqual(envelopes, ['room:a as before']);
    },
  ),

  rule('B9', 'the server stopped, still taking packets: that is found, and after it all is well', ['server'], async (ground) => {
    const { server } = ground;
    const members = await listening(ground, [], []);
    server.pause();
    try {
      await Promise.all(members.map(({ down }) => down()));
    } finally {
      server.resume();
    }
    await allIsWell(ground, members);
  }),

  rule('B10', 'no server when it is opened: it opens all the same, and works when one comes', ['server'], async (ground) => {
    const { member, server } = ground;
    await server.kill();
    const one = await member();
    sayAtGap(one);
    // Whoever waits for the word hears that there is none; what he wanted stays wanted.
    await assert.rejects(one.broker.subscribe(['room:a']));
    const { dropped } = one.broker;
    one.broker.publish('room:a', 'into the void');
    assert.equal(one.broker.dropped, dropped + 1);
    await server.start();
    await standsAtGap(ground, one);
    await allIsWell(ground, [one]);
  }),

  rule('B13', `${manyChannels} channels are subscribed to again`, ['server'], async ({ member, settled, server, tell }) => {
    const { broker, envelopes, gaps } = await member();
    const channels = Array.from({ length: manyChannels }, (_, number) => `room:${number}`);
    const asked = channels.filter((_, number) => number % 997 === 0 || number === manyChannels - 1);
    const all = asked.map((channel) => `${channel} x`).sort();
    const heard = async (): Promise<string[]> => {
      envelopes.length = 0;
      for (const channel of asked) broker.publish(channel, 'x');
      await settled();
      return envelopes.sort();
    };
    await settled();
    const began = performance.now();
    await broker.subscribe(channels);
    const subscribed = performance.now();
    assert.deepEqual(await heard(), all);
    gaps.length = 0;
    await server.kill();
    await server.start();
    const there = performance.now();
    await until('a gap is told', () => gaps.length > 0, 60_000);
    const back = performance.now();
    assert.deepEqual(await heard(), all);
    assert.equal(gaps.length, 1, gaps.join('\n'));
    tell(`subscribed in ${Math.round(subscribed - began)} ms, again ${Math.round(back - there)} ms after the server was back`);
  }),

  rule('B14', 'a way that swallows everything is found, and when it is a way again all is well', ['way'], async (ground) => {
    const { way } = ground;
    const [behind, beside] = (await listening(ground, [way.open], [])) as [Member, Member];
    way.lose();
    try {
      await behind.down();
    } finally {
      way.restore();
    }
    await allIsWell(ground, [behind]);
    assert.ok(beside.envelopes.includes('room:a as before'));
    assert.deepEqual(beside.gaps, []);
  }),
];
