import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Clock } from '../core/clock.fixture.ts';
import type { Member, Presence } from '../core/presence.ts';
import { openPresence } from './presence.ts';

const room = 'room:a';
const session = (user: string, at = 1): Member => ({ user, session: `${user}-${at}` });

interface Peer {
  readonly name: string;
  readonly presence: Presence;
  /** What it was told of changes, since it was asked last: `ann 1`. */
  readonly changes: string[];
  /** Notes that it has published. */
  sent: number;
  deaf: boolean;
  /** Nothing goes out, nothing comes in. */
  cut: boolean;
  dead: boolean;
  /** Its process stands still: what is due runs when it goes on. */
  late: (() => void)[] | undefined;
}

/** A stopped process goes on. */
function wake(peer: Peer): void {
  const due = peer.late ?? [];
  peer.late = undefined;
  for (const run of due) run();
}

/** Nodes that hear each other; `pass` decides about every note of every way. */
function network(names: readonly string[], { most = 100_000, crowd = 1_000 } = {}) {
  const clock = new Clock();
  const peers = new Map<string, Peer>();
  const state = { pass: (_from: string, _to: string, _note: string): boolean => true, notes: [] as string[] };
  const open = (name: string): Peer => {
    const peer: Peer = {
      ...{ name, changes: [], sent: 0, deaf: false, cut: false, dead: false, late: undefined },
      presence: openPresence({ sessions: crowd })({
        env: { ...clock.env, timer: (ms, run) => clock.env.timer(ms, () => void (peer.late ? peer.late.push(run) : run())) },
        wire: {
          most,
          get deaf() {
            return peer.deaf;
          },
          publish: (channel, note) => {
            peer.sent += 1;
            if (peer.dead || peer.cut) return;
            state.notes.push(note);
            for (const other of peers.values()) {
              if (other === peer || other.cut || other.dead || !state.pass(name, other.name, note)) continue;
              clock.env.timer(1, () => other.presence.hear(channel, name, note));
            }
          },
        },
        changed: (_channel, _crowd, who) => void (who && peer.changes.push(`${who.user} ${who.sessions}`)),
      }),
    };
    peers.set(name, peer);
    return peer;
  };
  const opened = names.map(open);
  const shown = ({ presence }: Peer, channel = room): string => {
    const { count, sample, crowded } = presence.list(channel);
    return `${count}${crowded ? ' crowded' : ''}: ${sample.map(({ user, sessions }) => (sessions === 1 ? user : `${user} ${sessions}`)).join()}`;
  };
  return { clock, state, open, peers: opened as [Peer, Peer, ...Peer[]], shown };
}

describe('presence of several nodes', () => {
  it('is the union of what each of them has', async () => {
    const { clock, peers, shown } = network(['a', 'b', 'c']);
    const [a, b, c] = peers;
    a.presence.enter(room, session('ann'));
    b.presence.enter(room, session('ben'));
    b.presence.enter(room, session('ann', 2));
    await clock.pass(1_200);
    for (const peer of [a, b]) assert.equal(shown(peer), '3: ann 2,ben');
    assert.equal(shown(c as Peer), '0: ', 'which has no readers of it');
    c?.presence.enter(room, session('cem'));
    await clock.pass(1_200);
    for (const peer of peers) assert.equal(shown(peer), '4: ann 2,ben,cem', 'who comes later asks');
  });

  it('a session that moves is there once, and all the time', async () => {
    const { clock, peers, shown } = network(['a', 'b']);
    const [a, b] = peers;
    for (const peer of peers) peer.presence.enter(room, session(peer.name));
    a.presence.enter(room, session('ann'));
    await clock.pass(2_000);
    for (const peer of peers) peer.presence.watch(room, true);
    b.presence.enter(room, session('ann'));
    await clock.pass(1_000);
    a.presence.leave(room, session('ann'), false);
    await clock.pass(10_000);
    for (const peer of peers) {
      assert.equal(shown(peer), '3: a,ann,b');
      assert.deepEqual(peer.changes, []);
    }
    b.presence.leave(room, session('ann'), false);
    await clock.pass(6_000);
    for (const peer of peers) assert.deepEqual([shown(peer), peer.changes], ['2: a,b', ['ann 0']]);
  });

  it('who leaves is gone everywhere after 5 s and the way, who is put out at once', async () => {
    const { clock, peers, shown } = network(['a', 'b']);
    const [a, b] = peers;
    for (const peer of peers) peer.presence.enter(room, session(peer.name));
    for (const user of ['ann', 'ben']) a.presence.enter(room, session(user));
    await clock.pass(2_000);
    a.presence.leave(room, session('ann'), true);
    await clock.pass(150);
    assert.equal(shown(b), '3: a,b,ben');
    a.presence.leave(room, session('ben'), false);
    await clock.pass(4_999);
    assert.equal(shown(b), '3: a,b,ben');
    await clock.pass(200);
    assert.equal(shown(b), '2: a,b');
  });

  it('the last word is said, also when nobody watches any more', async () => {
    const { clock, peers, shown } = network(['a', 'b']);
    const [a, b] = peers;
    for (const peer of peers) peer.presence.enter(room, session(peer.name));
    a.presence.watch(room, true);
    await clock.pass(2_000);
    a.presence.leave(room, session('a'), true);
    a.presence.watch(room, false);
    await clock.pass(1_100);
    assert.deepEqual([shown(b), a.presence.size], ['1: b', 0]);
  });

  it('asks when it has its first reader of a channel, and is answered', async () => {
    const { clock, peers, shown } = network(['a', 'b']);
    const [a, b] = peers;
    for (let at = 0; at < 40; at++) a.presence.enter(`room:${at}`, session('ann'));
    b.presence.enter('room:b', session('ben'));
    a.presence.enter(room, session('ann'));
    await clock.pass(2_050);
    b.presence.enter(room, session('ben'));
    await clock.pass(350);
    assert.equal(shown(b), '2: ann,ben');
    assert.equal(shown(a), '2: ann,ben');
  });

  it('publishes a change at most once a second, as a whole', async () => {
    const { clock, peers, shown } = network(['a', 'b']);
    const [a, b] = peers;
    b.presence.enter(room, session('ben'));
    a.presence.enter(room, session('ann'));
    await clock.pass(10_000);
    const before = a.sent;
    for (let at = 0; at < 50; at++) {
      a.presence.enter(room, session('ann', at + 2));
      await clock.pass(100);
    }
    assert.ok(a.sent - before <= 5 + 2 + 1, `${a.sent - before} notes in 5 s, of which two are beats, and one a part in its turn`);
    await clock.pass(1_100);
    assert.equal(shown(b), '52: ann 51,ben');
  });

  it('a node that lives and says nothing else keeps its part by its beats; one that has died loses it after 12 s', async () => {
    const { clock, peers, shown } = network(['a', 'b']);
    const [a, b] = peers;
    a.presence.enter(room, session('ann'));
    b.presence.enter(room, session('ben'));
    await clock.pass(60_000);
    assert.equal(shown(b), '2: ann,ben');
    a.dead = true;
    a.presence.close();
    await clock.pass(7_000);
    assert.equal(shown(b), '2: ann,ben');
    await clock.pass(8_000);
    assert.equal(shown(b), '1: ben');
    assert.equal(clock.counts.get('presence_node_lost'), 1);
  });

  it('a part that was lost on its way is told again in turn', async () => {
    const { clock, peers, state, shown } = network(['a', 'b']);
    const [a, b] = peers;
    for (const peer of peers) peer.presence.enter(room, session(peer.name));
    await clock.pass(2_000);
    state.pass = (from) => from !== 'a';
    a.presence.enter(room, session('ann'));
    await clock.pass(1_100);
    state.pass = () => true;
    assert.equal(shown(b), '2: a,b');
    await clock.pass(4_100);
    assert.equal(shown(b), '3: a,ann,b');
  });

  it('the last word about a channel, lost, is found out: what its node does not tell again is dropped', async () => {
    const { clock, peers, state, shown } = network(['a', 'b']);
    const [a, b] = peers;
    a.presence.enter('room:b', session('a'));
    a.presence.enter(room, session('ann'));
    b.presence.enter(room, session('ben'));
    await clock.pass(2_000);
    state.pass = (from) => from !== 'a';
    a.presence.leave(room, session('ann'), true);
    await clock.pass(1_100);
    state.pass = () => true;
    assert.equal(a.presence.size, 1, 'it has forgotten the channel');
    assert.equal(shown(b), '2: ann,ben');
    await clock.pass(16_000);
    assert.equal(shown(b), '1: ben');
    assert.equal(clock.counts.get('presence_part_aged'), 1);
  });

  it('notes that come twice, late and in any order change nothing', async () => {
    const { clock, peers, state, shown } = network(['a', 'b']);
    const [a, b] = peers;
    for (const peer of peers) peer.presence.enter(room, session(peer.name));
    for (const user of ['ann', 'cem', 'dua']) {
      a.presence.enter(room, session(user));
      await clock.pass(1_200);
    }
    a.presence.leave(room, session('dua'), true);
    await clock.pass(1_200);
    const old = state.notes.filter((note) => note.includes('"a a-1"'));
    assert.ok(old.length >= 4);
    for (const note of [...old, ...old.toReversed()]) b.presence.hear(room, 'a', note);
    assert.equal(shown(b), '4: a,ann,b,cem');
    assert.ok((clock.counts.get('presence_part_old') ?? 0) > 0);
  });

  it('while nothing comes through nobody is taken for dead; then what was missed is asked for', async () => {
    const { clock, peers, state, shown } = network(['a', 'b']);
    const [a, b] = peers;
    for (const peer of peers) peer.presence.enter(room, session(peer.name));
    await clock.pass(2_000);
    b.cut = b.deaf = true;
    a.presence.enter(room, session('ann'));
    await clock.pass(60_000);
    assert.equal(shown(b), '2: a,b');
    assert.equal(shown(a), '2: a,ann', 'which hears itself, and not b');
    b.presence.watch(room, true);
    b.cut = b.deaf = false;
    // Beats come through at first, and nothing else.
    state.pass = (_from, _to, note) => note.startsWith('{"round"');
    await clock.pass(8_000);
    assert.deepEqual(b.changes, [], 'nobody is judged by the time before');
    state.pass = () => true;
    b.presence.gap();
    await clock.pass(1_500);
    for (const peer of peers) assert.equal(shown(peer), '3: a,ann,b');
    assert.equal(clock.counts.get('presence_deaf'), 1);
  });

  it('a process that was stopped takes nobody for dead because of that', async () => {
    const { clock, peers, shown } = network(['a', 'b']);
    for (const peer of peers) peer.presence.enter(room, session(peer.name));
    await clock.pass(2_000);
    for (const peer of peers) peer.presence.watch(room, true);
    clock.spend(30_000);
    await clock.pass(3_000);
    for (const peer of peers) assert.deepEqual([shown(peer), peer.changes], ['2: a,b', []]);
  });

  for (const first of ['its links', 'its timers']) {
    it(`a process that was stopped does not bring back who has gone meanwhile, whichever it hears of first: ${first}`, async () => {
      const { clock, peers, shown } = network(['a', 'b']);
      const [a, b] = peers;
      a.presence.watch(room, true);
      a.presence.enter(room, session('ann'));
      for (const user of ['ben', 'bob']) b.presence.enter(room, session(user));
      await clock.pass(3_000);
      Object.assign(b, { late: [], cut: true });
      await clock.pass(30_000);
      assert.equal(shown(a), '1: ann');
      a.changes.length = 0;
      b.cut = false;
      if (first === 'its timers') wake(b);
      b.presence.leave(room, session('ben'), false);
      if (first === 'its links') wake(b);
      await clock.pass(5_000);
      assert.equal(shown(a), '2: ann,bob');
      assert.equal(shown(b), '2: ann,bob');
      assert.deepEqual(a.changes, ['bob 1']);
    });
  }

  it('long parts travel in pieces, and count when all are there', async () => {
    const { clock, peers, state, shown } = network(['a', 'b'], { most: 1_000 });
    const [a, b] = peers;
    b.presence.enter(room, session('zoe'));
    let pieces = 0;
    state.pass = (from, _, note) => {
      if (from === 'a' && note.includes('"piece"')) pieces += 1;
      return pieces !== 3;
    };
    for (let at = 0; at < 250; at++) a.presence.enter(room, session('ann', at));
    await clock.pass(500);
    assert.ok(pieces > 3);
    assert.ok(
      state.notes.every((note) => note.length <= 1_000),
      'the broker takes no longer ones',
    );
    assert.equal(shown(b), '1: zoe', 'a piece was lost');
    await clock.pass(5_000);
    assert.equal(shown(b), '251: ann 250,zoe');
  });

  it('a piece has at most 100 sessions', async () => {
    const { clock, peers, state } = network(['a', 'b']);
    const [a, b] = peers;
    b.presence.enter(room, session('zoe'));
    for (let at = 0; at < 101; at++) a.presence.enter(room, session('ann', at));
    await clock.pass(500);
    const pieces = state.notes.filter((note) => note.includes('"count":101')).map((note) => note.match(/ann-\d+/g)?.length);
    assert.deepEqual(pieces.slice(0, 2), [100, 1]);
  });

  it('of a crowd the number travels, and some names', async () => {
    const { clock, peers, shown, state } = network(['a', 'b'], { crowd: 150 });
    const [a, b] = peers;
    b.presence.enter(room, session('zoe'));
    for (let at = 0; at < 151; at++) a.presence.enter(room, session(`u${at}`));
    await clock.pass(1_500);
    const named = state.notes.filter((note) => note.includes('"count":151')).flatMap((note) => note.match(/u\d+-1/g) ?? []);
    assert.equal(new Set(named).size, 100);
    const { count, crowded, sample, next } = b.presence.list(room);
    assert.deepEqual([count, crowded, sample.length, next], [152, true, 100, undefined]);
    assert.ok(state.notes.every((note) => note.length < 5_000));
    for (let at = 100; at < 151; at++) a.presence.leave(room, session(`u${at}`), true);
    await clock.pass(2_500);
    assert.match(shown(b), /^101: /);
    assert.equal(a.presence.list(room).crowded, false);
  });

  it('a node that is alone tells nobody anything, and all of it to the first one that comes', async () => {
    const { clock, peers, open, shown } = network(['a']);
    const [a] = peers;
    for (let at = 0; at < 20; at++) a.presence.enter(`room:${at}`, session('ann'));
    a.presence.enter(room, session('ann'));
    await clock.pass(1_000);
    const begun = a.sent;
    assert.equal(begun, 21 + 1, 'it has asked, and beaten');
    a.presence.enter(room, session('ben'));
    await clock.pass(8_000);
    assert.equal(a.sent - begun, 2, 'beats alone');
    const b = open('b');
    b.presence.enter('room:7', session('cem'));
    await clock.pass(1_500);
    assert.equal(shown(b, 'room:7'), '2: ann,cem');
    assert.ok(a.sent - begun >= 2 + 21, 'each of its parts');
  });

  it('without readers there is nothing to tell: it is silent, and keeps nothing', async () => {
    const { clock, peers } = network(['a', 'b']);
    const [a, b] = peers;
    b.presence.enter(room, session('ben'));
    a.presence.enter(room, session('ann'));
    a.presence.watch(room, true);
    await clock.pass(5_000);
    a.presence.leave(room, session('ann'), false);
    await clock.pass(6_000);
    assert.equal(a.presence.size, 1, 'it is watched');
    a.presence.watch(room, false);
    assert.equal(a.presence.size, 0);
    await clock.pass(2_000);
    const { sent } = a;
    await clock.pass(20_000);
    assert.equal(a.sent, sent);
  });

  it('who watches and is not there himself is told all the same', async () => {
    const { clock, peers, shown } = network(['a', 'b']);
    const [a, b] = peers;
    b.presence.enter(room, session('ben'));
    await clock.pass(3_000);
    a.presence.watch(room, true);
    await clock.pass(1_200);
    assert.equal(shown(a), '1: ben');
    assert.deepEqual(a.changes, ['ben 1']);
    assert.equal(shown(b), '1: ben');
  });

  it('tells its parts again at most 200 a second, each of them', async () => {
    const { clock, peers, state } = network(['a', 'b']);
    const [a, b] = peers;
    b.presence.enter(room, session('ben'));
    for (let at = 0; at < 2_000; at++) a.presence.enter(`room:${at}`, session('ann'));
    await clock.pass(15_000);
    state.notes.length = 0;
    let before = a.sent;
    let most = 0;
    for (let second = 0; second < 10; second++) {
      await clock.pass(1_000);
      most = Math.max(most, a.sent - before);
      before = a.sent;
    }
    assert.ok(most <= 201, `${most}`);
    assert.ok(most >= 200);
    assert.ok(state.notes.some((note) => note === '{"round":10000}' || note === '{"round":11000}'));
  });

  it('what is none of it is not taken for it', async () => {
    const { peers, shown } = network(['a', 'b']);
    const [a] = peers;
    a.presence.enter(room, session('ann'));
    for (const note of ['', '{', '[]', '{"counter":1}', '{"counter":1,"count":1,"piece":1,"of":1,"sessions":[1]}', '{"round":"x"}'])
      a.presence.hear(room, 'b', note);
    a.presence.hear('node:all', 'b', '{"round":-1}');
    assert.equal(shown(a), '1: ann');
  });
});
