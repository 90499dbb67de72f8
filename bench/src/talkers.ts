/** A process of talkers, told what to do by the bench over the channel of `fork`. */
import { monotonic, pause } from './clock.ts';
import { Histogram, LoopLag } from './histogram.ts';
import { takeOrders } from './order-process.ts';
import { onSchedule } from './schedule.ts';
import { Talker } from './talker.ts';
import type { TalkerOrder, TalkerReport } from './talker-orders.ts';

/** So many are connecting at a time: a backlog that overflows would be a second lost. */
const atOnce = 100;
const lag = new LoopLag();
const waits = new Histogram();
const talkers: Talker[] = [];
let perRoom = 0;
/** Whose turn it is. */
let next = 0;
let said = 0;
let lateP99 = 0;

async function enter({ ports, from, count, ...company }: Extract<TalkerOrder, { order: 'enter' }>): Promise<void> {
  const { rooms, all } = company;
  perRoom = all / rooms.length;
  const entering = Array.from({ length: count }, (_, at) => from + at).values();
  const enterSome = async (): Promise<void> => {
    for (const who of entering) {
      const talker = new Talker({ ...company, who, room: rooms[who % rooms.length] ?? '', waits });
      talkers[who - from] = talker;
      // The ten of a room are spread over the nodes.
      await talker.enter(ports[Math.floor(who / rooms.length) % ports.length] ?? 0);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, enterSome));
  // Each process begins elsewhere, so that what is said in a room is spread evenly over time: nothing can be gathered.
  next = Math.floor((from / all) * rooms.length);
}

function start(): void {
  waits.reset();
  for (const talker of talkers) [talker.heard, talker.putOff] = [0, 0];
}

async function talk({ turns, rate, patience }: Extract<TalkerOrder, { order: 'talk' }>): Promise<void> {
  said = turns * talkers.length;
  lag.start();
  lateP99 = await onSchedule({ count: said, rate }, (due) => {
    talkers[next % talkers.length]?.say(due);
    next += 1;
  });
  const end = monotonic() + patience;
  // Those of a room are as many in each process.
  while (heard() < said * perRoom && failures().length === 0 && monotonic() < end) await pause(10);
  lag.stop();
}

function heard(): number {
  return sum((talker) => talker.heard);
}

function sum(of: (talker: Talker) => number): number {
  return talkers.reduce((all, talker) => all + of(talker), 0);
}

function failures(): string[] {
  return talkers.flatMap(({ ended }) => ended ?? []);
}

function report(): TalkerReport {
  const failed = failures();
  return {
    ...{ said, heard: heard(), putOff: sum(({ putOff }) => putOff), waits: waits.counts, lateP99, loopLagP99: lag.p99 },
    failed: failed.length,
    firstFailure: failed[0] ?? '',
  };
}

async function obey(order: TalkerOrder): Promise<void> {
  switch (order.order) {
    case 'enter':
      return enter(order);
    case 'start':
      return start();
    case 'talk':
      return talk(order);
    case 'report':
      return;
  }
}

takeOrders(obey, report);
