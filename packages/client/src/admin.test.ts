import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setUpClient } from './client.fixture.ts';
import { codeOf, health } from './connection.fixture.ts';

const setUp = () => setUpClient({ token: 'admin' });

describe('admin', () => {
  it('P41-P44: waits for the link, and writes each command as the protocol has it', async () => {
    const { client, open } = setUp();
    const asked = [client.admin.backup('/tmp/"copy"'), client.admin.check(), client.admin.trim('room:a', '7~e'), client.admin.epoch()];
    const link = await open();
    assert.deepEqual(link.said.slice(1), [
      { req: 2, cmd: 'backup', path: '/tmp/"copy"' },
      { req: 3, cmd: 'check' },
      { req: 4, cmd: 'trim', channel: 'room:a', before: '7~e' },
      { req: 5, cmd: 'epoch' },
    ]);
    const replies = [{ path: '/tmp/copy', bytes: 1 }, { channels: 1, events: 2, facts: 3, problems: 0 }, { first: 7 }, { epoch: 'f' }];
    replies.forEach((reply, at) => {
      link.answer(reply, at + 1);
    });
    assert.deepEqual(
      await Promise.all(asked),
      replies.map((reply, at) => ({ res: at + 2, ...reply })),
    );
    client.close();
  });

  it('P45, P46: hands on what is told under its own number', async () => {
    const { client, open } = setUp();
    const link = await open();
    const told: unknown[] = [];
    const asked = client.admin.check({ onProgress: (done) => told.push(done), onProblem: (text) => told.push(text) });
    const req = link.said.at(-1)?.req ?? 0;
    link.hear({ push: 'progress', req, done: 0.5 });
    link.hear({ push: 'progress', req: req + 1, done: 0.6 });
    link.hear({ push: 'problem', req, text: 'one' });
    link.answer({ channels: 0, events: 0, facts: 0, problems: 1 });
    await asked;
    link.hear({ push: 'progress', req, done: 0.9 });
    assert.deepEqual(told, [0.5, 'one']);
    client.close();
  });

  it('P40, I10: goes on for as long as the server tells, and ends 15 s after it has told nothing any more', async () => {
    const { clock, client, open } = setUp();
    const link = await open();
    const asked = codeOf(client.admin.backup('/tmp/copy'));
    let ended = '';
    void asked.then((code) => {
      ended = code;
    });
    const req = link.said.at(-1)?.req;
    for (let at = 0; at < 20; at++) {
      await clock.pass(14_000);
      link.hear({ push: 'progress', req, done: 0 });
    }
    assert.equal(ended, '');
    await clock.pass(10_000);
    link.hear(health);
    await clock.pass(4_999);
    assert.equal(ended, '');
    await clock.pass(1);
    assert.equal(ended, 'timeout');
    client.close();
  });

  it('is given once: what was under way when the link was lost is not asked for again', async () => {
    const { clock, client, open } = setUp();
    const link = await open();
    const asked = codeOf(client.admin.epoch());
    link.handlers.onClose(1006, '');
    assert.equal(await asked, 'link_lost');
    await clock.pass(200);
    const next = await open();
    assert.deepEqual(
      next.said.map(({ cmd }) => cmd),
      ['hello'],
    );
    client.close();
  });

  it('rejects with what the server says, and with closed once it is closed', async () => {
    const { client, open, links } = setUp();
    const link = await open();
    const asked = codeOf(client.admin.backup('/tmp/copy'));
    link.answer({ error: { code: 'conflict', text: 'something is there' } });
    assert.equal(await asked, 'conflict');
    links.at(-1)?.handlers.onClose(1006, '');
    const waiting = codeOf(client.admin.epoch());
    client.close();
    assert.equal(await waiting, 'closed');
    assert.equal(await codeOf(client.admin.epoch()), 'closed');
  });
});
