import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setUpClient } from './client.fixture.ts';
import { Clock } from './clock.fixture.ts';
import { type FakeLink, welcome } from './connection.fixture.ts';
import { TokenKeeper } from './token-keeper.ts';

/** A client whose program gives tokens: `t1`, `t2`, …; a way that fails is what `answer` throws. */
function setUp(answer: (nth: number) => string | Promise<string> = (nth) => `t${nth}`) {
  let asked = 0;
  const stage = setUpClient({
    token: async () => {
      asked += 1;
      return answer(asked);
    },
  });
  const greet = async (more: object = {}): Promise<FakeLink> => {
    const link = stage.links.at(-1);
    assert.ok(link);
    link.handlers.onOpen();
    link.answer({ ...welcome, ...more });
    await stage.clock.flush();
    return link;
  };
  return { ...stage, greet, asked: () => asked };
}

const shown = (link: FakeLink | undefined): unknown => (link?.said[0] as { token?: string } | undefined)?.token;

describe('a way to get tokens', () => {
  it('is asked before the first link is dialled, and again until it gives one', async () => {
    const { clock, links, greet, client } = setUp((nth) => (nth < 3 ? Promise.reject(new Error('away')) : 'good'));
    await clock.flush();
    assert.equal(links.length, 0);
    assert.equal(client.status.state, 'connecting');
    while (links.length === 0) await clock.pass(100);
    assert.equal(links.length, 1);
    assert.equal(shown(await greet()), 'good');
  });

  it('P79 is asked for a newer one before the present one ends, which is shown on the same link', async () => {
    const { clock, links, greet } = setUp();
    await clock.flush();
    const link = await greet({ expiresIn: 100_000 });
    const keepAlive = (): void => link.hear({ push: 'health', stale: false, degraded: false });
    for (let at = 0; at < 8; at++) {
      assert.ok(!link.said.some(({ cmd }) => cmd === 'refresh'), `${at}`);
      keepAlive();
      await clock.pass(10_000);
    }
    const refresh = link.said.at(-1) as { cmd: string; token?: string };
    assert.deepEqual([refresh.cmd, refresh.token], ['refresh', 't2']);
    link.answer({ expiresIn: 100_000 });
    await clock.flush();
    // The next link shows it too.
    link.handlers.onClose(1006, '');
    await clock.pass(1_000);
    assert.equal(links.length, 2);
    links[1]?.handlers.onOpen();
    assert.equal(shown(links[1]), 't2');
  });

  it('is asked when the server takes the present one no more, and not without end', async () => {
    const { clock, links, asked } = setUp();
    await clock.flush();
    const refuse = (): void => {
      const link = links.at(-1);
      link?.handlers.onOpen();
      link?.hear({ push: 'error', error: { code: 'unauthorized', text: 'no more' } });
    };
    refuse();
    await clock.pass(1_000);
    assert.equal(links.length, 2);
    links[1]?.handlers.onOpen();
    assert.equal(shown(links[1]), 't2');
    for (let at = 0; at < 50; at++) {
      refuse();
      await clock.pass(1_000);
    }
    assert.ok(asked() < 25, `${asked()} in 50 s`);
  });

  it('is asked anew when the link is refused while a newer token is awaited, whatever becomes of that one', async () => {
    let fail = (): void => {};
    const { clock, links, greet } = setUp((nth) =>
      nth === 2 ? new Promise((_, reject) => (fail = () => reject(new Error('away')))) : `t${nth}`,
    );
    await clock.flush();
    const link = await greet({ expiresIn: 10_000 });
    await clock.pass(8_000);
    link.hear({ push: 'error', error: { code: 'unauthorized', text: 'no more' } });
    fail();
    while (links.length === 1) await clock.pass(100);
    links[1]?.handlers.onOpen();
    assert.equal(shown(links[1]), 't3');
  });

  it('is asked by nobody once the client is closed, or has other credentials', async () => {
    const closed = setUp(() => new Promise(() => {}));
    closed.client.close();
    await closed.clock.pass(60_000);
    assert.deepEqual([closed.asked(), closed.links.length], [1, 0]);

    const replaced = setUp(() => new Promise(() => {}));
    replaced.client.signIn({ token: 'mine' });
    await replaced.clock.flush();
    replaced.links.at(-1)?.handlers.onOpen();
    assert.equal(shown(replaced.links.at(-1)), 'mine');
    await replaced.clock.pass(5_000);
    assert.equal(replaced.asked(), 1);
  });

  it('a token that is given as it is, is never asked for', async () => {
    const { clock, links, client } = setUpClient({ token: 'mine' });
    links[0]?.handlers.onOpen();
    links[0]?.answer({ ...welcome, expiresIn: 1_000 });
    await clock.flush();
    links[0]?.hear({ push: 'error', error: { code: 'unauthorized', text: 'your sign-in has ended' } });
    await clock.pass(20_000);
    assert.deepEqual([client.status.state, links.length], ['refused', 1]);
  });

  /** The keeper alone, on a link that is let in at once; `times` are those at which a token was asked for, since then. */
  async function keep(fails: (nth: number) => boolean, expiresIn: number) {
    const clock = new Clock();
    const times: number[] = [];
    const begun = clock.time;
    const credentials = {
      token: async () => {
        times.push(clock.time - begun);
        if (fails(times.length)) throw new Error('away');
        return 't';
      },
    };
    const refresh = async () => ({ expiresIn });
    const keeper: TokenKeeper = new TokenKeeper({ env: clock, start: () => {}, signIn: () => {}, refresh }, credentials);
    keeper.begin();
    await clock.flush();
    keeper.welcomed({ expiresIn });
    return { clock, keeper, times };
  }

  it('P79 is asked when four fifths of the time are over, also of a time that no timer can hold', async () => {
    const day = 86_400_000;
    const { clock, times } = await keep(() => false, 30 * day);
    await clock.pass(49 * day);
    assert.deepEqual(times.slice(1), [24 * day, 48 * day]);
  });

  it('is asked as soon after a failure as after the first, once it has given one that was taken', async () => {
    const { clock, times } = await keep((nth) => (nth > 1 && nth < 7) || nth === 8, 10_000_000);
    while (times.length < 9) await clock.pass(100_000);
    const [, first = 0, second = 0, , , , taken = 0, anew = 0, again = 0] = times;
    assert.ok(taken - first > 5_000, `${taken - first} ms: it waited ever longer`);
    assert.equal(anew - taken, 8_000_000);
    assert.equal(again - anew, second - first);
  });
});
