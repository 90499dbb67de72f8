import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { describe, it } from 'node:test';
import type { OpenBroker } from '../broker/broker.ts';
import { decodeEnvelope } from '../broker/envelope.ts';
import { ask, read, readers, room } from './attending.fixture.ts';

const most = 1_024;
/** What a hole waits for its bell, at most; the look comes a multiple of it later. */
const patience = 50;

/** Ann on one node and ben on another, between which a broker takes envelopes of `most` bytes, as they are said. */
async function twoNodes() {
  const said: string[] = [];
  const tooLarge: string[] = [];
  const between =
    (open: OpenBroker): OpenBroker =>
    (sinks) => {
      const broker = open(sinks);
      const publish = (channel: string, text: string): void => {
        if (Buffer.byteLength(text) > most) return void tooLarge.push(text);
        said.push(text);
        broker.publish(channel, text);
      };
      return { ...broker, limits: { envelopeBytes: most, ownBell: false }, publish };
    };
  const { stage, links } = await readers(['ann'], { between });
  const peer = await stage.peer();
  stage.join(room, 'ben');
  const ben = await read(stage, 'ben', {}, undefined, peer);
  await stage.clock.pass(1_200);
  ben.take('events');
  const counted = (name: string): number => stage.clock.counts.get(name) ?? 0;
  let sent = 0;
  /** What ben is given of what ann sends before any look, and of what the bell was. */
  const send = async (body: string) => {
    said.length = 0;
    const before = { repairs: counted('repair'), found: counted('look_found') };
    sent += 1;
    const id = `30000000-0000-7000-8000-${String(sent).padStart(12, '0')}`;
    const reply = await ask(stage, links[0], 'send', { channel: room, events: [{ id, kind: 'message', body }] });
    const [result] = reply['results'] as { offset: number }[];
    assert.ok(result, JSON.stringify(reply));
    const { offset } = result;
    await stage.clock.pass(patience);
    const given = ben.take('events').flatMap(({ events }) => events as { offset: number; body: string }[]);
    assert.deepEqual(
      given.map((event) => [event.offset, event.body]),
      [[offset, body]],
    );
    // Whoever looks now finds nothing, and gives nothing again.
    await stage.clock.pass(1_200);
    assert.deepEqual(ben.take('events'), []);
    assert.equal(counted('look_found'), before.found);
    const bells = said.map((text) => decodeEnvelope(text)).filter((bell) => bell?.channel === room);
    assert.deepEqual(
      bells.map((bell) => bell?.head),
      [offset],
    );
    return { parcel: bells[0]?.entries.length, repairs: counted('repair') - before.repairs };
  };
  return { send, tooLarge };
}

describe('a bell', () => {
  it('carries what was sent, and nobody reads the store', async () => {
    const { send } = await twoNodes();
    assert.deepEqual(await send('short'), { parcel: 1, repairs: 0 });
  });

  it('I1, I13 goes without its parcel where both are more than the broker takes; the reader gets the event from the store, once', async () => {
    const { send, tooLarge } = await twoNodes();
    assert.deepEqual(await send('x'.repeat(most)), { parcel: 0, repairs: 1 });
    // Fewer characters than it takes bytes, and more bytes.
    assert.deepEqual(await send('\u20ac'.repeat(most / 2)), { parcel: 0, repairs: 1 });
    assert.deepEqual(await send('short again'), { parcel: 1, repairs: 0 });
    assert.deepEqual(tooLarge, [], 'which the broker would have dropped');
  });
});
