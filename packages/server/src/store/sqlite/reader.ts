/**
 * The reading worker. Looks go before pages: a node that gets no look within a second holds everything back. So a page is read in
 * slices and looks have a connection of their own, which sees what was committed while a page was half read.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { Moved, Pair } from '../store.ts';
import type { Answer, Question, ReaderCalls } from './calls.ts';
import { failureOf } from './errors.ts';
import { FactPages } from './factpages.ts';
import { inodeOf } from './files.ts';
import { Moves } from './moved.ts';
import { Pages, type Sliced } from './pages.ts';
import { openReading } from './schema.ts';
import { transaction } from './statements.ts';

type Asked = Question<ReaderCalls>;
type PageAsked = Exclude<Asked, { name: 'moved' | 'close' }>;

export interface ReaderData {
  readonly path: string;
  readonly inode: string;
}

const sliceMs = 4;
const { path, inode } = workerData as ReaderData;
const port = parentPort;
if (!port) throw new Error('runs as a worker only');

const looksDb = openReading(path, 8_192);
const pagesDb = openReading(path, 65_536);
const moves = new Moves(looksDb);
const pages = new Pages(pagesDb);
const facts = new FactPages(pagesDb);

const looks: Extract<Asked, { name: 'moved' }>[] = [];
const waiting: PageAsked[] = [];
let running: { readonly asked: PageAsked; readonly steps: Sliced<unknown> } | undefined;
let closing: number | undefined;
let scheduled = false;

port.on('message', (asked: Asked) => {
  if (asked.name === 'moved') looks.push(asked);
  else if (asked.name === 'close') closing = asked.call;
  else waiting.push(asked);
  schedule();
});

function say(answer: Answer): void {
  port?.postMessage(answer);
}

function schedule(): void {
  if (scheduled) return;
  scheduled = true;
  setImmediate(turn);
}

/** All looks that wait, then one slice; what came in meanwhile is taken in before the next turn. */
function turn(): void {
  scheduled = false;
  for (let look = looks.shift(); look; look = looks.shift()) answer(look.call, lookAt(look.input));
  slice();
  if (running || waiting.length > 0) schedule();
  else if (closing !== undefined) close(closing);
}

function answer(call: number, work: () => unknown): void {
  try {
    say({ call, value: work() });
  } catch (error) {
    fail(call, error);
  }
}

function fail(call: number, error: unknown): void {
  const failure = failureOf(error, 'other');
  if (failure.fatal) say({ fatal: failure.message });
  say({ call, code: failure.code, text: failure.message });
}

/** Another file under the path: what is appended to the old one is lost for whoever opens the folder next. */
function lookAt({ since, limit }: { since: string | undefined; limit: number }): () => Moved {
  return () => {
    if (inodeOf(path) !== inode) say({ fatal: `${path} was replaced or removed while it was open` });
    return transaction(looksDb, 'BEGIN', () => moves.since(since, limit));
  };
}

function slice(): void {
  const began = performance.now();
  while (performance.now() - began < sliceMs) {
    running ??= begin();
    if (!running) return;
    const { asked, steps } = running;
    try {
      const step = steps.next();
      if (!step.done) continue;
      pagesDb.exec('COMMIT');
      running = undefined;
      say({ call: asked.call, value: step.value });
    } catch (error) {
      running = undefined;
      if (pagesDb.isTransaction) pagesDb.exec('ROLLBACK');
      fail(asked.call, error);
    }
  }
}

function begin(): { asked: PageAsked; steps: Sliced<unknown> } | undefined {
  const asked = waiting.shift();
  return asked && { asked, steps: stepsOf(asked) };
}

function* stepsOf(asked: PageAsked): Sliced<unknown> {
  pagesDb.exec('BEGIN');
  if (asked.name === 'read') return yield* pages.read(asked.input.channel, asked.input.range, asked.input.limit);
  if (asked.name === 'heads') return yield* pages.heads(asked.input.channels);
  const pair: Pair = pages.pair();
  const found = yield* facts.page(asked.input.query, asked.input.limit, asked.input.from);
  return { ...pair, ...found };
}

function close(call: number): void {
  looksDb.close();
  pagesDb.close();
  say({ call, value: null });
  port?.close();
}
