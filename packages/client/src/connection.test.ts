import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { settle } from './clock.fixture.ts';
import { codeOf, type FakeLink, health, setUp, welcome } from './connection.fixture.ts';

describe('connection', () => {
  it('P15: says hello first, and is open with its reply', () => {
    const { link, log, connection, welcomes } = setUp();
    assert.equal(link().url, 'http://server');
    assert.deepEqual(connection.state, { phase: 'dialing', attempt: 1 });
    link().handlers.onOpen();
    assert.deepEqual(link().said, [{ req: 1, cmd: 'hello', protocol: 1, session: 's', name: 'ann' }]);
    link().answer(welcome);
    assert.deepEqual(log, ['greeting', 'open']);
    assert.deepEqual(welcomes, [{ res: 1, ...welcome }]);
  });

  it('P13: matches replies to commands by number, in whatever order, and leaves others alone', async () => {
    const { open, connection } = setUp();
    const link = open();
    const first = connection.request('unsubscribe', '"channels":["room:a"]');
    const second = connection.request('ping', '');
    assert.deepEqual(link.said.slice(1), [
      { req: 2, cmd: 'unsubscribe', channels: ['room:a'] },
      { req: 3, cmd: 'ping' },
    ]);
    link.answer({}, 2);
    link.answer({}, 2);
    link.hear({ res: 99 });
    link.answer({ error: { code: 'too_many', text: 'too many' } }, 1);
    assert.deepEqual(await second, { res: 3 });
    assert.equal(await codeOf(first), 'too_many');
  });

  it('P13: has 64 commands on their way at most; one more goes when one of them has its reply, or has none in time', async () => {
    const { open, clock, connection } = setUp();
    const link = open();
    const said = (): number => link.said.filter(({ cmd }) => cmd === 'unsubscribe').length;
    const asked = Array.from({ length: 67 }, () => codeOf(connection.request('unsubscribe', '"channels":[]')));
    assert.equal(said(), 64);
    link.answer({}, 1);
    assert.equal(said(), 65);
    assert.equal(await asked[0], 'resolved');
    link.hear(health);
    await clock.pass(15_000);
    assert.equal(await asked[1], 'timeout');
    assert.equal(said(), 67);
  });

  it('P13: commands that wait for their turn are lost with the link', async () => {
    const { open, connection } = setUp();
    const link = open();
    const asked = Array.from({ length: 66 }, () => codeOf(connection.request('ping', '')));
    link.handlers.onClose(1006, '');
    assert.deepEqual(new Set(await Promise.all(asked)), new Set(['link_lost']));
    assert.equal(link.said.length, 1 + 64);
  });

  it('hands a reply over before the next frame is looked at', () => {
    const { open, connection, pushes } = setUp();
    const link = open();
    let before = -1;
    void connection.request('ping', '', () => {
      before = pushes.length;
    });
    link.answer({});
    link.hear(health);
    assert.equal(before, 0);
    assert.deepEqual(pushes, [health]);
  });

  it('link_lost: takes no command before it is open', async () => {
    const { connection, link } = setUp();
    assert.equal(await codeOf(connection.request('ping', '')), 'link_lost');
    link().handlers.onOpen();
    assert.equal(await codeOf(connection.request('ping', '')), 'link_lost');
    assert.equal(link().said.length, 1);
  });

  it('I10: a command without a reply ends after 15 s, its late reply is nobody’s', async () => {
    const { open, clock, connection } = setUp();
    const link = open();
    const asked = codeOf(connection.request('ping', ''));
    let ended = '';
    void asked.then((code) => {
      ended = code;
    });
    await clock.pass(10_000);
    link.hear(health);
    await clock.pass(4_999);
    assert.equal(ended, '');
    await clock.pass(1);
    assert.equal(ended, 'timeout');
    link.answer({}, 1);
    assert.equal(connection.state.phase, 'open');
  });

  it('I10: a hello without a reply is tried anew after 15 s', async () => {
    const { link, links, clock, connection } = setUp();
    link().handlers.onOpen();
    await clock.pass(10_000);
    link().hear(health);
    await clock.pass(5_000);
    assert.deepEqual(connection.state, { phase: 'waiting', attempt: 2, retryAt: clock.time + 400 });
    await clock.pass(400);
    assert.equal(links.length, 2);
  });

  it('P17: says ping when it has said nothing for 10 s, and not before', async () => {
    const { open, clock, connection } = setUp();
    const link = open();
    await clock.pass(6_000);
    connection.request('ping', '').catch(() => {});
    link.answer({});
    await clock.pass(9_999);
    assert.equal(link.said.length, 2);
    await clock.pass(1);
    assert.deepEqual(link.said[2], { req: 3, cmd: 'ping' });
  });

  it('P17, I12: gives a link up after 20 s of silence, and dials another', async () => {
    const { open, links, clock, connection, log } = setUp();
    const link = open();
    await clock.pass(5_000);
    link.hear(health);
    await clock.pass(19_999);
    assert.equal(connection.state.phase, 'open');
    await clock.pass(1);
    assert.deepEqual(connection.state, { phase: 'waiting', attempt: 1, retryAt: clock.time + 200 });
    assert.ok(link.closed);
    await clock.pass(200);
    assert.equal(links.length, 2);
    assert.deepEqual(log, ['greeting', 'open', 'waiting', 'dialing']);
  });

  it('gives a dial up that comes to nothing in 20 s', async () => {
    const { clock, connection, links } = setUp();
    await clock.pass(20_000);
    assert.deepEqual(connection.state, { phase: 'waiting', attempt: 2, retryAt: clock.time + 400 });
    assert.ok(links[0]?.closed);
  });

  it('a lost link ends what waits, and what still comes of it is not heard', async () => {
    const { open, clock, connection, pushes, links } = setUp();
    const link = open();
    const waiting = codeOf(connection.request('ping', ''));
    link.handlers.onClose(1006, '');
    assert.equal(await waiting, 'link_lost');
    link.hear(health);
    link.handlers.onClose(1006, '');
    assert.deepEqual(pushes, []);
    assert.equal(clock.pending, 1, 'the back-off alone');
    await clock.pass(200);
    link.handlers.onOpen();
    assert.deepEqual([links.length, connection.state.phase], [2, 'dialing']);
  });

  it('retry does not wait for the back-off, and dials once', async () => {
    const { open, clock, connection, links } = setUp();
    open().handlers.onClose(1006, '');
    connection.retry();
    connection.retry();
    assert.equal(links.length, 2);
    await clock.pass(5_000);
    assert.equal(links.length, 2);
  });

  for (const code of ['unauthorized', 'upgrade_required']) {
    it(`P19, P20: ${code}, said in any way, ends the tries until there are new credentials`, async () => {
      const error = { code, text: 'no' };
      const ways: ((link: FakeLink) => void)[] = [
        (link) => link.answer({ error }),
        (link) => link.hear({ push: 'error', error }),
        (link) => link.handlers.onClose(code === 'unauthorized' ? 4401 : 4426, 'no'),
      ];
      for (const way of ways) {
        const { link, links, clock, connection } = setUp();
        link().handlers.onOpen();
        way(link());
        assert.deepEqual(connection.state, { phase: 'refused', ...error });
        await clock.pass(100_000);
        assert.equal(links.length, 1);
        connection.signIn();
        assert.deepEqual([links.length, connection.state.phase], [2, 'dialing']);
      }
    });
  }

  it('P16: another final code is about one frame: a new link is dialled', async () => {
    const { open, links, clock } = setUp();
    const link = open();
    link.hear({ push: 'error', error: { code: 'bad_frame', text: '' } });
    link.handlers.onClose(4400, 'bad_frame');
    await clock.pass(200);
    assert.equal(links.length, 2);
  });

  it('P36: after a bye it stays away for retryAfter, once', async () => {
    const { open, clock, connection } = setUp();
    const link = open();
    link.hear({ push: 'bye', after: 0, retryAfter: 30_000 });
    link.handlers.onClose(1001, 'closing');
    assert.deepEqual(connection.state, { phase: 'waiting', attempt: 1, retryAt: clock.time + 30_200 });
    await clock.pass(30_200);
    open().handlers.onClose(1006, '');
    assert.deepEqual(connection.state, { phase: 'waiting', attempt: 1, retryAt: clock.time + 200 });
  });

  it('P14, P16: a refusal that passes says how long to stay away', async () => {
    const { link, clock, connection } = setUp();
    link().handlers.onOpen();
    link().answer({ error: { code: 'overloaded', text: '', retryAfter: 7_000 } });
    await settle();
    assert.deepEqual(connection.state, { phase: 'waiting', attempt: 2, retryAt: clock.time + 7_400 });
  });

  it('P36: a hello that is answered `closing` does not undo what bye has asked for', () => {
    const { link, clock, connection } = setUp();
    link().handlers.onOpen();
    link().hear({ push: 'bye', after: 0, retryAfter: 30_000 });
    link().answer({ error: { code: 'closing', text: '' } });
    assert.deepEqual(connection.state, { phase: 'waiting', attempt: 2, retryAt: clock.time + 30_400 });
  });

  it('P36: what one server has asked for does not outlive its link', () => {
    const { open, clock, connection } = setUp();
    open().hear({ push: 'bye', after: 0, retryAfter: 30_000 });
    connection.signIn();
    open().handlers.onClose(1006, '');
    assert.deepEqual(connection.state, { phase: 'waiting', attempt: 1, retryAt: clock.time + 200 });
  });

  describe('P36: a bye with time', () => {
    const bye = { push: 'bye', after: 3_000 };

    it('leaves the link at work for as long, then opens another beside it, and lets go of it when that is welcome', async () => {
      const { open, clock, connection, links, link, log, welcomes, pushes } = setUp();
      const former = open();
      former.hear(bye);
      await clock.pass(2_999);
      assert.equal(links.length, 1);
      await clock.pass(1);
      const waiting = codeOf(connection.request('ping', ''));
      assert.equal(former.said.at(-1)?.cmd, 'ping', 'commands go over the one that works');
      link().handlers.onOpen();
      assert.equal(former.closed, false);
      former.hear(health);
      link().answer(welcome);
      assert.ok(former.closed);
      assert.equal(await waiting, 'link_lost');
      connection.request('ping', '').catch(() => {});
      assert.equal(link().said.at(-1)?.cmd, 'ping');
      assert.deepEqual(log, ['greeting', 'open', 'moved'], 'never anything but open');
      assert.equal(welcomes.length, 2);
      former.hear(health);
      assert.equal(pushes.length, 1, 'nothing of the former one is heard any more');
    });

    it('tries again where the other one is going too, and keeps the first meanwhile', async () => {
      const { open, clock, links, link, log, connection } = setUp();
      const former = open();
      former.hear(bye);
      await clock.pass(3_000);
      link().handlers.onOpen();
      link().hear({ push: 'error', error: { code: 'draining', text: '', retryAfter: 1_000 } });
      link().handlers.onClose(1012, 'draining');
      assert.equal(former.closed, false);
      await clock.pass(1_000);
      assert.equal(links.length, 2);
      await clock.pass(400);
      assert.equal(links.length, 3);
      open();
      assert.ok(former.closed);
      assert.deepEqual(log, ['greeting', 'open', 'moved']);
      assert.equal(connection.state.phase, 'open');
    });

    it('goes the usual way where the first one ends before', async () => {
      const { open, clock, links, log, connection } = setUp();
      const former = open();
      former.hear(bye);
      await clock.pass(3_000);
      former.handlers.onClose(1001, 'closing');
      assert.equal(connection.state.phase, 'waiting');
      assert.ok(links[1]?.closed, 'one way at a time');
      await clock.pass(200);
      open();
      assert.deepEqual(log, ['greeting', 'open', 'waiting', 'dialing', 'greeting', 'open']);
      await clock.pass(60_000);
      assert.ok(links.length >= 3);
    });

    it('ends with the connection', async () => {
      const { open, clock, connection, links } = setUp();
      open().hear(bye);
      await clock.pass(3_000);
      connection.close();
      assert.equal(clock.pending, 0);
      assert.ok(links.every(({ closed }) => closed));
    });
  });

  it('signing in greets anew on another link, with hello first', () => {
    const { open, links, connection, welcomes } = setUp();
    const link = open();
    connection.signIn();
    assert.ok(link.closed);
    assert.equal(open().said[0]?.cmd, 'hello');
    assert.deepEqual([links.length, connection.state.phase, welcomes.length], [2, 'open', 2]);
  });

  it('close ends all: no timer, no link, no call', async () => {
    const { open, clock, connection, log, links } = setUp();
    const link = open();
    const waiting = codeOf(connection.request('ping', ''));
    connection.close();
    assert.equal(await waiting, 'link_lost');
    assert.ok(link.closed);
    assert.equal(clock.pending, 0);
    connection.retry();
    connection.signIn();
    await clock.pass(100_000);
    assert.deepEqual(log, ['greeting', 'open', 'closed']);
    assert.equal(links.length, 1);
  });

  for (const [what, act] of [
    ['closes', 'close'],
    ['signs in anew', 'signIn'],
  ] as const) {
    it(`who ${what} when it opens is not welcomed as whom he was`, () => {
      const { open, welcomes } = setUp((phase, connection) => {
        if (phase === 'open') connection[act]();
      });
      open();
      assert.deepEqual(welcomes, []);
    });
  }
});
