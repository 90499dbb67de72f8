import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Hall } from '../contract/hall.fixture.ts';
import { until } from '../contract/rule.contract.ts';
import { remote } from './remote.ts';

describe('a broker on a server', () => {
  const open = (hall: Hall) => {
    const said: string[] = [];
    const gaps: string[] = [];
    const options = { url: 'hall://ann:secret@here', onNote: (text: string) => void said.push(text) };
    const began = performance.now();
    const broker = remote({ options, envelopeBytes: 10, connect: (line) => hall.connect(line, 'usual', undefined) })({
      onEnvelope: () => {},
      onGap: (reason) => void gaps.push(reason),
    });
    return { broker, said, gaps, took: () => performance.now() - began, [Symbol.asyncDispose]: () => broker.close() };
  };

  it('is told of no gap where the first connection came at once', async () => {
    await using opened = open(new Hall());
    const { broker, gaps, said, took } = opened;
    await broker.subscribe(['room:a']);
    // On a machine that was busy for so long, it has not come at once.
    if (took() < 150) assert.deepEqual(gaps, []);
    assert.deepEqual(said, []);
  });

  it('says once that the server is away and once that it is back, and no secret', async () => {
    const hall = new Hall();
    hall.kill();
    await using opened = open(hall);
    const { said, took } = opened;
    // Several tries.
    await until('half a second is over', () => took() > 500);
    assert.deepEqual(said, ['the broker hall://here is away (nobody is there); trying again until it is back']);
    hall.start();
    await until('it is back', () => said.length > 1);
    assert.match(said[1] ?? '', /^the broker hall:\/\/here is back after \d\.\d s$/);
  });

  it('keeps nothing for a server that takes nothing: beyond a bound, what is published is dropped', async () => {
    const hall = new Hall();
    await using opened = open(hall);
    const { broker } = opened;
    await broker.subscribe(['room:a']);
    hall.pause();
    const publish = (): void => {
      for (let count = 0; count < 20_000; count++) broker.publish('room:a', 'x');
    };
    publish();
    // As many wait for their turn; with a beat among them.
    assert.ok(Math.abs(20_000 - broker.dropped - 4_000) <= 1, `${broker.dropped}`);
    await new Promise(setImmediate);
    publish();
    // Four batches are with the server besides.
    assert.ok(40_000 - broker.dropped <= 6_000, `${broker.dropped}`);
    await broker.close();
    assert.ok(Math.abs(broker.dropped - 40_000) <= 2, `${broker.dropped}`);
  });
});
