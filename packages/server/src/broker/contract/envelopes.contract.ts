/** What goes in comes out, as it was, for those who asked for it. */
import assert from 'node:assert/strict';
import { type Rule, rule } from './rule.contract.ts';

export const envelopeRules: readonly Rule[] = [
  rule('B1', 'an envelope reaches every node that has subscribed, its sender too, byte for byte', [], async ({ member, settled }) => {
    const [ann, ben] = [await member(), await member()];
    await Promise.all([ann.broker.subscribe(['room:a']), ben.broker.subscribe(['room:a'])]);
    ann.broker.publish('room:a', '{"v":1}\n{"é":"\u{1f600}"}');
    await settled();
    for (const { envelopes } of [ann, ben]) assert.deepEqual(envelopes, ['room:a {"v":1}\n{"é":"\u{1f600}"}']);
  }),

  rule('B2', 'nothing comes of a channel that was not subscribed to, or no longer is', [], async ({ member, settled }) => {
    const { broker, envelopes } = await member();
    await broker.subscribe(['room:a', 'room:b']);
    await broker.unsubscribe(['room:a']);
    for (const channel of ['room:a', 'room:b', 'room:c']) broker.publish(channel, 'x');
    await settled();
    assert.deepEqual(envelopes, ['room:b x']);
  }),

  rule('B3', 'subscribing twice is subscribing once', [], async ({ member, settled }) => {
    const { broker, envelopes } = await member();
    await broker.subscribe(['room:a']);
    await broker.subscribe(['room:a', 'room:a']);
    broker.publish('room:a', 'x');
    await settled();
    assert.deepEqual(envelopes, ['room:a x']);
  }),

  rule('B5', 'no sink is called after close, and publish neither throws nor queues then', [], async ({ member, settled }) => {
    const [ann, ben] = [await member(), await member()];
    await ann.broker.subscribe(['room:a']);
    ben.broker.publish('room:a', 'before');
    const closed = ann.broker.close();
    const sofar = ann.envelopes.length;
    ben.broker.publish('room:a', 'after');
    ann.broker.publish('room:a', 'after');
    await closed;
    await settled();
    assert.equal(ann.envelopes.length, sofar);
  }),

  rule('B6', 'sinks are called from the event loop, never from inside publish', [], async ({ member, settled }) => {
    const { broker, envelopes } = await member();
    await broker.subscribe(['room:a']);
    broker.publish('room:a', 'x');
    assert.deepEqual(envelopes, []);
    await settled();
    assert.equal(envelopes.length, 1);
  }),

  rule('B11', 'an envelope at the limit passes; one above it is dropped, counted, and harms nothing', ['bound'], async (ground) => {
    const { member, settled, bound } = ground;
    const { broker, envelopes } = await member();
    assert.equal(broker.limits.envelopeBytes, bound.bytes);
    const name = `room:${'x'.repeat(128)}`;
    await broker.subscribe([name]);
    await settled();
    const { dropped } = broker;
    // Counted in bytes, not in characters.
    const largest = 'é'.repeat(Math.floor(bound.bytes / 2)).padEnd(Math.ceil(bound.bytes / 2), 'e');
    for (const text of ['before', largest, `${largest}e`, 'behind']) broker.publish(name, text);
    await settled();
    const heard = envelopes.map((line) => line.slice(name.length + 1));
    assert.deepEqual(
      heard.map(({ length }) => length),
      ['before', largest, 'behind'].map(({ length }) => length),
    );
    assert.ok(heard[1] === largest);
    assert.equal(broker.dropped, dropped + 1);
  }),

  rule('B12', 'two clusters on one server hear nothing of each other', ['apart'], async ({ member, settled, apart }) => {
    const [ann, bea] = [await member(), await member(apart.open)];
    await Promise.all([ann.broker.subscribe(['room:a']), bea.broker.subscribe(['room:a'])]);
    ann.broker.publish('room:a', 'of ann');
    bea.broker.publish('room:a', 'of bea');
    await settled();
    assert.deepEqual([ann.envelopes, bea.envelopes], [['room:a of ann'], ['room:a of bea']]);
  }),

  rule('B16', 'every name that a channel can have is a channel of its own', [], async ({ member, settled }) => {
    const names = ['room:a', 'room:A', 'room:a.b', 'room:a-b', 'room:a_b', 'room:a%2Eb', 'rooms:a', 'node:a', `room:${'x'.repeat(128)}`];
    const { broker, envelopes } = await member();
    for (const name of names) {
      await broker.subscribe([name]);
      for (const channel of names) broker.publish(channel, `in ${name}`);
      await settled();
      assert.deepEqual(envelopes.splice(0), [`${name} in ${name}`]);
      await broker.unsubscribe([name]);
    }
  }),
];
