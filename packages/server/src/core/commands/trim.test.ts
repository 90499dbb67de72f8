import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nodeStage, type Stage, type TestLink } from '../node.fixture.ts';

/** A room of seven events, its administrator and one who reads. */
async function room(): Promise<{ stage: Stage; admin: TestLink; reader: TestLink; at(offset: number): string }> {
  const stage = await nodeStage();
  stage.join('room:a', 'ann');
  for (let event = 0; event < 6; event++) stage.append('room:a');
  await stage.clock.pass(1_000);
  const admin = await stage.link('admin', { loopback: true });
  const reader = await stage.link('ann');
  return { stage, admin, reader, at: (offset) => `${offset}~${stage.data.epoch}` };
}

async function ask(stage: Stage, link: TestLink, cmd: string, members: object): Promise<number> {
  const req = link.say(cmd, members);
  await stage.clock.settle();
  return req;
}

describe('trim', () => {
  it('P43 drops what is below, once and for all; whoever had read less is told that a part is missing', async () => {
    const { stage, admin, reader, at } = await room();
    const req = await ask(stage, admin, 'trim', { channel: 'room:a', before: at(5) });
    assert.deepEqual(admin.reply(req), { res: req, first: 5 });
    await ask(stage, reader, 'subscribe', { to: [{ channel: 'room:a', position: at(0) }] });
    await stage.clock.pass(1_000);
    const [told] = reader.take('state');
    assert.deepEqual([told?.['state'], told?.['position']], ['trimmed', at(4)]);
    const events = reader.take('events').flatMap(({ events: some }) => some as { offset: number }[]);
    assert.deepEqual(
      events.map(({ offset }) => offset),
      [5, 6, 7],
    );
  });

  it('P43 never brings anything back: an earlier position changes nothing', async () => {
    const { stage, admin, at } = await room();
    await ask(stage, admin, 'trim', { channel: 'room:a', before: at(5) });
    const req = await ask(stage, admin, 'trim', { channel: 'room:a', before: at(2) });
    assert.deepEqual(admin.reply(req), { res: req, first: 5 });
    assert.equal(stage.data.log('room:a').standing.first, 5);
  });

  it('P43 up to the head + 1, which leaves nothing, and not beyond', async () => {
    const { stage, admin, at } = await room();
    const beyond = await ask(stage, admin, 'trim', { channel: 'room:a', before: at(9) });
    assert.equal(admin.refusal(beyond), 'bad_position');
    assert.equal(stage.data.log('room:a').standing.first, 1);
    const all = await ask(stage, admin, 'trim', { channel: 'room:a', before: at(8) });
    assert.deepEqual(admin.reply(all), { res: all, first: 8 });
  });

  it('P43 I11 an offset of another history names other events', async () => {
    const { stage, admin, at } = await room();
    const former = at(5);
    stage.data.renew(0);
    const req = await ask(stage, admin, 'trim', { channel: 'room:a', before: former });
    assert.ok(['bad_position', 'unavailable'].includes(String(admin.refusal(req))));
    await stage.clock.pass(1_000);
    const again = await ask(stage, admin, 'trim', { channel: 'room:a', before: former });
    assert.equal(admin.refusal(again), 'bad_position');
    assert.equal(stage.data.log('room:a').standing.first, 1);
  });

  for (const before of ['0', '5', '', '0~e', 'x~e', '-1~e']) {
    it(`P43 takes no position for one that names no event: ${JSON.stringify(before)}`, async () => {
      const { stage, admin } = await room();
      const req = await ask(stage, admin, 'trim', { channel: 'room:a', before: before.replace('~e', `~${stage.data.epoch}`) });
      assert.equal(admin.refusal(req), 'bad_position');
      assert.equal(stage.data.log('room:a').standing.first, 1);
    });
  }

  it('P1 says what is no channel, and makes none of what nobody has written to', async () => {
    const { stage, admin, at } = await room();
    const bad = await ask(stage, admin, 'trim', { channel: 'nowhere', before: at(1) });
    assert.equal(admin.refusal(bad), 'bad_channel');
    const empty = await ask(stage, admin, 'trim', { channel: 'room:empty', before: at(1) });
    assert.deepEqual(admin.reply(empty), { res: empty, first: 1 });
    assert.ok(!stage.data.channels.has('room:empty'));
  });

  it('takes nothing while the log cannot be seen', async () => {
    let dead = false;
    const stage = await nodeStage({
      meddle: (store) => ({ ...store, moved: (since, limit) => (dead ? new Promise(() => {}) : store.moved(since, limit)) }),
    });
    stage.append('room:a');
    const admin = await stage.link('admin', { loopback: true });
    dead = true;
    await stage.clock.pass(3_000);
    const req = await ask(stage, admin, 'trim', { channel: 'room:a', before: `2~${stage.data.epoch}` });
    assert.equal(admin.refusal(req), 'unavailable');
    assert.equal(stage.data.log('room:a').standing.first, 1);
  });

  it('P47 is for the administrator, on this machine', async () => {
    const { stage, reader, at } = await room();
    for (const link of [reader, await stage.link('admin', { loopback: false })]) {
      const req = await ask(stage, link, 'trim', { channel: 'room:a', before: at(5) });
      assert.equal(link.refusal(req), 'forbidden');
    }
    assert.equal(stage.data.log('room:a').standing.first, 1);
  });
});
