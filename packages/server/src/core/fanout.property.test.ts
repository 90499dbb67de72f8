import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { channel, type Draft, type Reader } from './links.fixture.ts';
import { Stage, type StageOptions } from './readers.fixture.ts';

const runs = 1_000;
const mustHappen = [
  ...['shared_frame', 'frame_split', 'frame_merged', 'behind_full', 'behind_hold', 'live_again', 'concern_asked'],
  ...['repair', 'flight_shared', 'store_read'],
];
const names = ['fresh', 'resumed', 'slow'] as const;
type Name = (typeof names)[number];

type Step =
  | { readonly do: 'send' | 'elsewhere'; readonly drafts: readonly Draft[] }
  | { readonly do: 'turn' }
  | { readonly do: 'pass' | 'stop'; readonly ms: number }
  | { readonly do: 'full' | 'drain' | 'leave' | 'return'; readonly who: Name };

/** Most are small; some fill a page, or the tail, by themselves. What closes a frame stands in bodies too. */
const text = fc
  .tuple(fc.constantFrom('x', 'ü', '👍', '"', ']}', ',{"offset":1,'), fc.oneof({ weight: 6, arbitrary: fc.nat(40) }, fc.nat(600)))
  .map(([piece, count]) => piece.repeat(count));
const concerns = fc.oneof(
  { weight: 6, arbitrary: fc.constant([]) },
  fc.subarray<string>([...names], { minLength: 1 }),
  fc.constantFrom(['*'], ['somebody']),
);
const drafts = fc.oneof(
  { weight: 6, arbitrary: fc.array(fc.record({ text, concerns }), { minLength: 1, maxLength: 4 }) },
  { weight: 2, arbitrary: fc.nat(40).map((count) => Array.from({ length: count }, (_, at) => ({ text: `${at}`, concerns: [] }))) },
  fc.nat(20).map((count) => Array.from({ length: count }, () => ({ text: 'x'.repeat(15_000), concerns: [] }))),
);
const who = fc.constantFrom(...names);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('send' as const), drafts }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('elsewhere' as const), drafts }) },
  { weight: 8, arbitrary: fc.constant({ do: 'turn' as const }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.nat(60) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constant(700) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('stop' as const), ms: fc.nat(1_200) }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constantFrom('full' as const, 'drain' as const), who }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('leave' as const, 'return' as const), who }) },
);

interface Schedule extends Pick<StageOptions, 'bystanders' | 'flushCost' | 'asking'> {
  /** Events that are there before the three read, and where among them one resumes, of 1. */
  readonly past: number;
  readonly resumedAt: number;
  /** Is committed by another node while the three subscribe. */
  readonly meanwhile: readonly Draft[];
  readonly steps: readonly Step[];
}

const schedule: fc.Arbitrary<Schedule> = fc.record({
  // Without anybody, the three find a channel that the node does not hold.
  bystanders: fc.constantFrom(0, 1, 40),
  flushCost: fc.constantFrom(0, 0.6, 3),
  asking: fc.constantFrom(0, 0, 30),
  past: fc.nat(300),
  resumedAt: fc.double({ min: 0, max: 1, noNaN: true }),
  meanwhile: fc.array(fc.record({ text, concerns }), { maxLength: 5 }),
  steps: fc.array(step, { minLength: 10, maxLength: 50, size: 'max' }),
});

async function play({ past, resumedAt, meanwhile, steps, ...options }: Schedule): Promise<{ stage: Stage; readers: readonly Reader[] }> {
  const stage = await Stage.open(options);
  stage.send(Array.from({ length: past }, (_, at) => ({ text: `past ${at}`, concerns: at % 50 === 7 ? ['slow'] : [] })));
  while (stage.data.log(channel).standing.head < past) await stage.turn();
  const readers = {
    fresh: await stage.reader('fresh', 0),
    resumed: await stage.reader('resumed', Math.floor(past * resumedAt)),
    slow: await stage.reader('slow', 0, 40_000),
  };
  stage.commitElsewhere(meanwhile);
  for (const one of steps) await take(stage, readers, one);
  const all = Object.values(readers);
  await stage.end(all);
  return { stage, readers: all };
}

async function take(stage: Stage, readers: Readonly<Record<Name, Reader>>, step: Step): Promise<void> {
  switch (step.do) {
    case 'send':
      return stage.send(step.drafts);
    case 'elsewhere':
      return stage.commitElsewhere(step.drafts);
    case 'turn':
      return stage.turn();
    case 'pass':
      return stage.pass(step.ms);
    case 'stop':
      return stage.clock.spend(step.ms);
    case 'full':
      readers[step.who].full = true;
      return;
    case 'drain':
      return readers[step.who].drain();
    case 'leave':
      return readers[step.who].unsubscribe();
    case 'return':
      return readers[step.who].subscribe();
  }
}

function hashOf({ pages }: Reader): string {
  const hash = createHash('sha256');
  for (const { texts } of pages) hash.update(`${texts},`);
  return hash.digest('hex');
}

const offsetsOf = ({ pages }: Reader): number[] => pages.flatMap(({ offsets }) => offsets);

/** What readers who were away all the time are given by a node that holds nothing: pages of the store, and nothing else. */
async function pulled({ data }: Stage, starts: readonly number[]): Promise<readonly Reader[]> {
  const other = await Stage.open({ data });
  const readers = await Promise.all(starts.map((start) => other.reader('away', start)));
  await other.end(readers);
  assert.equal(other.clock.counts.get('shared_frame'), undefined);
  return readers;
}

/**
 * Whoever an event concerns is asked about, knowing of it, before anything that follows it is given. What is shared ends at every event
 * that concerns anybody, so that the others need not wait for his answer.
 */
function assertAsked({ data, shared }: Stage, { user, pages }: Reader): void {
  const { entries } = data.log(channel).read({ after: 0 }, Number.POSITIVE_INFINITY);
  const concerning = entries.filter(({ header }) => header.concerns);
  const his = concerning.filter(({ header }) => header.concerns?.some((name) => name === user || name === '*'));
  for (const { offsets, knew, frame } of pages) {
    const [first = 0, last = 0] = [offsets[0], offsets.at(-1)];
    const unasked = his.find(({ header }) => header.offset > knew && header.offset < last);
    assert.equal(unasked?.header.offset, undefined, `${user} is given ${first} to ${last}, asked about as of ${knew}`);
    if (!shared.has(frame)) continue;
    const spanned = concerning.find(({ header }) => header.offset >= first && header.offset < last);
    assert.equal(spanned?.header.offset, undefined, `a shared frame goes from ${first} to ${last}`);
  }
}

/** What has happened in all runs, for a run in which nothing happens shows nothing. */
class Happened {
  readonly counts = new Map<string, number>();
  /** Who was given shared frames and pulled ones in one run. */
  readonly both = new Set<string>();
  runs = 0;
  shared = 0;
  pulled = 0;

  add(stage: Stage, readers: readonly Reader[]): void {
    this.runs += 1;
    for (const [name, count] of [...stage.clock.counts, ['store_read', stage.reads] as const])
      this.counts.set(name, (this.counts.get(name) ?? 0) + count);
    for (const { user, pages } of readers) {
      const shared = pages.filter(({ frame }) => stage.shared.has(frame)).length;
      this.shared += shared;
      this.pulled += pages.length - shared;
      if (shared > 0 && shared < pages.length) this.both.add(user);
    }
  }
}

describe('fan-out beside pulling', () => {
  it(`I3 I4 I7 fresh, resumed and slow readers are given the same bytes as who pulls all (${runs} schedules)`, async (t) => {
    const happened = new Happened();
    const property = fc.asyncProperty(schedule, async (given) => {
      const { stage, readers } = await play(given);
      const { head } = stage.data.log(channel).standing;
      const others = await pulled(
        stage,
        readers.map(({ start }) => start),
      );
      for (const [at, reader] of readers.entries()) {
        const expected = Array.from({ length: head - reader.start }, (_, before) => reader.start + before + 1);
        assert.deepEqual(offsetsOf(reader), expected, `${reader.user}: each offset once, in order`);
        assert.deepEqual(offsetsOf(others[at]!), expected);
        assert.equal(hashOf(reader), hashOf(others[at]!), `${reader.user}: the same bytes`);
        assertAsked(stage, reader);
      }
      happened.add(stage, readers);
    });
    // A counterexample is made smaller for so long; a machine that is busy with other things gets less far.
    await fc.assert(property, { numRuns: runs, interruptAfterTimeLimit: 60_000 });
    const { counts, shared, pulled: own, both } = happened;
    t.diagnostic(`${shared} frames were shared, ${own} pulled; the store was read ${counts.get('store_read')} times`);
    assert.ok(shared > happened.runs && own > happened.runs);
    assert.deepEqual([...both].sort(), [...names], 'each was given both in one run');
    for (const name of mustHappen) assert.ok((counts.get(name) ?? 0) > 0, name);
  });
});
