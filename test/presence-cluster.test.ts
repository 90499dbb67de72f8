/** Who is there, on three nodes: what each of them says, twice a second, against what is true, whatever befalls nodes, links and broker. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { FaultProxy } from '@hubbub/rig/proxy';
import { until } from '@hubbub/rig/servers/until';
import { Dice, randomStream } from '@hubbub/sim/random';
import { Cluster, lacking, type Setting } from '../packages/cli/src/prove/cluster.ts';
import { Person } from './presence-person.ts';
import { PresenceWatch, saysDegraded } from './presence-watch.ts';

const setting: Setting = { store: 'postgres', broker: 'redis', nodes: 3 };
const channel = 'room:general';
const seed = 11;
/** A change waits 100 ms for others, and a second after the one before: on a real machine three times that. */
const shown = 3 * 1_100;
const grace = 5_000;
/** Of a node that is no more, the machine's share being in it already. */
const ghost = 15_000 + shown;
/** A beat that finds a silence of 20 s, every 10 s; then the grace. */
const deadLink = 30_000 + grace + shown;
/** Of bells of its own, one a second, two have to be missing, or one to come. */
const noticed = 3 * 3_000;
/** Longer than a node may say nothing before it is taken for dead. */
const silence = 20_000;
/** Broker clients come back within 2 s, are heard by the next tick, and ask: three times that. */
const healed = 3 * 4_000;
const [a, b, c] = [0, 1, 2];
const all = [a, b, c];

describe('presence on three nodes', { skip: lacking(setting) ?? false }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'hubbub-presence-'));
  const dice = new Dice(randomStream(seed, 'people'));
  let undo: AsyncDisposableStack;
  let cluster: Cluster;
  let watch: PresenceWatch;
  let observers: Person[];
  let people: Person[];
  /** Which node each is on. */
  const places = new Map<Person, number>();

  const node = (at: number) => cluster.nodes[at] ?? assert.fail(`no node ${at}`);
  const url = (at: number) => (): string => node(at).url;
  const on = (at: number): Person[] => people.filter((person) => person.here && places.get(person) === at);
  const some = (at: number): [Person, Person, ...Person[]] => {
    const [first, second, ...more] = on(at);
    return first && second ? [first, second, ...more] : assert.fail(`who is on node ${at}?`);
  };

  async function come(person: Person, at: number): Promise<void> {
    places.set(person, at);
    if (person.user) watch.leaveOpen(person.user, all);
    await person.come(url(at));
    watch.expect(person.user, true, { what: 'has come', within: shown });
  }

  function go(person: Person, nodes = all): void {
    person.go();
    watch.expect(person.user, false, { what: 'has gone', within: grace + shown, notBefore: grace, nodes });
  }

  /** He is to be shown throughout: nothing new is expected. */
  async function move(person: Person, at: number): Promise<number> {
    places.set(person, at);
    const took = await person.move(url(at));
    assert.ok(took < grace - 1_000, `a move took ${Math.round(took)} ms`);
    return took;
  }

  /** A few on each node, and all who are claimed are shown. */
  async function gather(): Promise<void> {
    // Who has just gone would be there twice.
    await settle();
    for (const [at, person] of people.entries()) {
      if (!person.here) await come(person, at % all.length);
      else if (places.get(person) !== at % all.length) await move(person, at % all.length);
    }
    await settle();
  }

  async function settle(): Promise<void> {
    await until('what is claimed has been seen', () => watch.settled || watch.complaints.length > 0, 90_000);
    assert.deepEqual(watch.complaints.splice(0), [], `${watch.open}`);
  }

  /** The node answers again: from now on it is expected to show all that is true. */
  async function excusedNoMore(at: number, what: string): Promise<void> {
    await until(`node ${at} sees its log`, async () => {
      const { stale } = (await (await node(at).ask('/readyz')).json()) as { stale: boolean };
      return !stale;
    });
    for (const [who, isShown] of watch.claimed(at)) watch.expect(who, isShown, { what, within: healed, nodes: [at] });
    watch.excuse(at, false);
  }

  const backOnNode = (person: Person): void => watch.expect(person.user, true, { what: 'is back with his node', within: healed });

  before(async () => {
    undo = new AsyncDisposableStack();
    undo.defer(() => rmSync(folder, { recursive: true, force: true }));
    cluster = undo.use(await Cluster.open(setting, folder));
    observers = all.map((at) => undo.use(new Person(channel, `observer ${at}`, url(at))));
    const eyes = all.map((at) => ({ ask: (path: string) => node(at).ask(path), told: () => observers[at]?.told }));
    await Promise.all(observers.map((observer) => observer.come()));
    watch = undo.use(new PresenceWatch(channel, eyes));
    for (const { user } of observers) watch.expect(user, true, { what: 'has come', within: shown });
    people = Array.from({ length: 12 }, (_, at) => undo.use(new Person(channel, `person ${at}`, url(at % all.length))));
  });
  after(() => undo.disposeAsync());
  afterEach((t) => {
    for (const [what, ms] of watch.report()) (t as TestContext).diagnostic(`${what}: after ${ms} ms at most`);
  });

  it('people come, go and move, and a link leads nowhere: each node shows it as it is', async (t) => {
    await gather();
    await using way = await FaultProxy.open(node(a).port);
    using lost = new Person(channel, 'lost', () => `http://127.0.0.1:${way.port}`);
    await lost.come();
    watch.expect(lost.user, true, { what: 'has come', within: shown });
    await settle();
    way.set({ up: 'lose', down: 'lose' });
    watch.expect(lost.user, false, { what: 'his link leads nowhere', within: deadLink, notBefore: grace });
    const moves: number[] = [];
    const end = performance.now() + deadLink + 2_000;
    // In turn: each has twelve seconds, in which all that is claimed of him comes due.
    for (let turn = 0; performance.now() < end; turn++) {
      const person = people[turn % people.length] ?? assert.fail();
      const at = dice.below(all.length);
      if (!person.here) await come(person, at);
      else if (dice.chance(0.5)) go(person);
      else moves.push(await move(person, at));
      await pause(1_000);
    }
    way.set({ up: 'pass', down: 'pass' });
    await lost.isBack();
    watch.expect(lost.user, true, { what: 'has come', within: shown });
    await settle();
    t.diagnostic(`${watch.looks} lists; ${moves.length} moves, the longest without a link for ${Math.round(Math.max(...moves))} ms`);
    assert.ok(moves.length > 5);
    lost.go();
    watch.expect(lost.user, false, { what: 'has gone', within: grace + shown, notBefore: grace });
    await settle();
  });

  it('a node is killed: who moves is there throughout, and no ghost of it is left', async () => {
    await gather();
    const [first, second, ...rest] = some(c);
    watch.excuse(c, true);
    await node(c).end('SIGKILL');
    for (const person of [first, second]) {
      person.go();
      watch.expect(person.user, false, { what: 'was on a node that was killed', within: ghost });
    }
    const observer = observers[c] ?? assert.fail();
    watch.expect(observer.user, false, { what: 'was on a node that was killed', within: ghost });
    await Promise.all(rest.map((person, at) => move(person, at % c)));
    await settle();
    await node(c).start();
    await observer.isBack();
    watch.expect(observer.user, true, { what: 'has come', within: shown });
    await excusedNoMore(c, 'on a node that was started again');
    await settle();
  });

  it('a node is stopped for 30 s: no ghost of it is left, and none comes back with it', async () => {
    await gather();
    const [first, second, ...rest] = some(c);
    const stopped = [...rest, observers[c] ?? assert.fail()];
    watch.excuse(c, true);
    node(c).pause(true);
    try {
      const over = pause(30_000);
      for (const person of [first, second]) person.go();
      for (const { user } of [first, second, ...stopped])
        watch.expect(user, false, { what: 'is on a node that was stopped', within: ghost });
      // Somebody elsewhere goes meanwhile: the node has to find out.
      go(some(a)[0]);
      await settle();
      await over;
      for (const { user } of stopped) watch.leaveOpen(user, all);
    } finally {
      node(c).pause(false);
    }
    await excusedNoMore(c, 'on a node that was stopped');
    await Promise.all(stopped.map((person) => person.isBack()));
    for (const person of stopped) backOnNode(person);
    await settle();
  });

  it('a node is cut off from the broker: it says so and shows the others as they were; elsewhere its people go, and come back with it', async () => {
    await gather();
    const [goes, ...stay] = some(b);
    const theirs = [...stay, observers[b] ?? assert.fail()];
    const others = [a, c];
    const way = cluster.brokerWays[b] ?? assert.fail();
    way.set({ up: 'lose', down: 'lose' });
    const over = pause(silence);
    watch.expect(saysDegraded, true, { what: 'says that it is degraded', within: noticed, nodes: [b] });
    for (const { user } of theirs) watch.expect(user, false, { what: 'is on a node that was cut off', within: ghost, nodes: others });
    go(goes, [b]);
    watch.expect(goes.user, false, { what: 'is on a node that was cut off', within: ghost, nodes: others });
    const [leaves] = some(a);
    go(leaves, others);
    watch.leaveOpen(leaves.user, [b]);
    await Promise.all([settle(), over]);
    way.set({ up: 'pass', down: 'pass' });
    watch.expect(saysDegraded, false, { what: 'says that it is well', within: noticed, nodes: [b] });
    watch.expect(leaves.user, false, { what: 'had gone meanwhile', within: healed, nodes: [b] });
    for (const person of theirs) watch.expect(person.user, true, { what: 'is back with his node', within: healed, nodes: others });
    await settle();
  });

  it('the broker dies for longer than a node may be silent: nobody leaves, every node says so, and afterwards all is shown', async (t) => {
    await gather();
    const broker = cluster.broker ?? assert.fail();
    await broker.kill();
    const over = pause(silence);
    watch.expect(saysDegraded, true, { what: 'says that it is degraded', within: noticed });
    const [goes] = some(a);
    go(goes, [a]);
    watch.leaveOpen(goes.user, [b, c]);
    await over;
    await settle();
    await broker.start();
    watch.expect(saysDegraded, false, { what: 'says that it is well', within: noticed });
    watch.expect(goes.user, false, { what: 'had gone meanwhile', within: healed, nodes: [b, c] });
    await settle();
    t.diagnostic(`${watch.looks} lists of all nodes, ${watch.putOff} times there was none to be had`);
    assert.ok(watch.looks > 500);
    assert.ok(watch.putOff < watch.looks / 20);
  });
});
