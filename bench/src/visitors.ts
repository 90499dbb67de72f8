/** A process of visitors, told what to do by the bench over the channel of `fork`. */
import { monotonic, pause } from './clock.ts';
import { EventPages } from './event-pages.ts';
import { Histogram, LoopLag } from './histogram.ts';
import { takeOrders } from './order-process.ts';
import { onSchedule } from './schedule.ts';
import { Visitor } from './visitor.ts';
import type { VisitorOrder, VisitorReport } from './visitor-orders.ts';

/** So many are connecting at a time: a backlog that overflows would be a second lost. */
const atOnce = 100;
const lag = new LoopLag();
const pages = new EventPages();
const waits = new Histogram();
const visitors: Visitor[] = [];
let caughtUp = 0;
let lateP99 = 0;
/** Why some could not come back: the others are waited for all the same. */
let refusals: string[] = [];

async function enter({ system, port, from, count, rooms, roomsEach }: Extract<VisitorOrder, { order: 'enter' }>): Promise<void> {
  let next = from;
  // As soon as one is in the next one dials: those that are put off keep nobody waiting.
  const enterSome = async (): Promise<void> => {
    while (next < from + count) {
      const number = next++;
      const its = Array.from({ length: roomsEach }, (_, at) => rooms[(number * roomsEach + at) % rooms.length] ?? '');
      const visitor = new Visitor({ system, name: `visitor ${number}`, rooms: its, pages });
      visitors.push(visitor);
      await visitor.enter(port, 0);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, enterSome));
}

function cut(): void {
  for (const visitor of visitors) {
    visitor.cut();
    visitor.tries = 0;
    visitor.delivered = 0;
  }
}

async function comeBack({ port, overMs, missed, patience }: Extract<VisitorOrder, { order: 'return' }>): Promise<void> {
  waits.reset();
  caughtUp = 0;
  refusals = [];
  lag.start();
  const back = visitors.values();
  const end = monotonic() + overMs + patience;
  lateP99 = await onSchedule({ count: visitors.length, rate: visitors.length / (overMs / 1_000) }, (due) => {
    back
      .next()
      .value?.enter(port, missed)
      .then(
        () => {
          waits.record(monotonic() - due);
          caughtUp += 1;
        },
        (error: unknown) => refusals.push(error instanceof Error ? error.message : String(error)),
      );
  });
  while (caughtUp + refusals.length < visitors.length && monotonic() < end) await pause(10);
  lag.stop();
}

function report(): VisitorReport {
  const sum = (of: (visitor: Visitor) => number): number => visitors.reduce((total, visitor) => total + of(visitor), 0);
  const failures = [...refusals, ...visitors.flatMap(({ ended }) => ended ?? [])];
  return {
    ...{ caughtUp, lateP99, loopLagP99: lag.p99, waits: waits.counts },
    tries: sum(({ tries }) => tries),
    delivered: sum(({ delivered }) => delivered),
    failed: failures.length,
    firstFailure: failures[0] ?? '',
  };
}

async function obey(order: VisitorOrder): Promise<void> {
  switch (order.order) {
    case 'enter':
      return enter(order);
    case 'cut':
      return cut();
    case 'return':
      return comeBack(order);
    case 'report':
      return;
  }
}

takeOrders(obey, report);
