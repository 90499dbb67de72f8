/** A process of counting clients, told what to do by the bench over the channel of `fork`. */
import { pause } from './clock.ts';
import { comeIn } from './come-back.ts';
import { CountingClient } from './counting-client.ts';
import { dialects } from './dialects.ts';
import { LoopLag } from './histogram.ts';
import { takeOrders } from './order-process.ts';
import type { Order, Report } from './orders.ts';
import { Tally } from './tally.ts';

/** So many are connecting at a time: a backlog that overflows would be a second lost. */
const atOnce = 100;
const lag = new LoopLag();
let clients: CountingClient[] = [];
let stalled = 0;
let pings: NodeJS.Timeout | undefined;
let tally = new Tally(dialects.hubbub);

async function open({ system, port, count }: Extract<Order, { order: 'open' }>): Promise<void> {
  const dialect = dialects[system];
  tally = new Tally(dialect);
  clients = [];
  while (clients.length < count) {
    const some = Array.from({ length: Math.min(atOnce, count - clients.length) }, (_, at) =>
      comeIn(async () => {
        const client = new CountingClient({ port, name: `bench ${clients.length + at}`, dialect, tally });
        await client.ready;
        return client;
      }),
    );
    clients.push(...(await Promise.all(some)));
  }
}

async function until({ events, whom, patience }: Extract<Order, { order: 'until' }>): Promise<void> {
  const end = performance.now() + patience;
  const delivered = events * (whom === 'all' ? clients.length : clients.length - stalled);
  while (tally.delivered < delivered && performance.now() < end) await pause(10);
}

function stall({ count, pingMs }: Extract<Order, { order: 'stall' }>): void {
  stalled = count;
  const slow = clients.slice(0, count);
  for (const client of slow) client.pause();
  pings = setInterval(() => {
    for (const client of slow) client.ping();
  }, pingMs);
}

function resume(): void {
  clearInterval(pings);
  for (const client of clients.slice(0, stalled)) client.resume();
}

function report(): Report {
  const least = (some: readonly CountingClient[]): number =>
    some.reduce((low, { cursor }) => Math.min(low, cursor), Number.MAX_SAFE_INTEGER);
  const { delivered, gaps, closed, firstClose, latency } = tally;
  const cursorOfReaders = least(clients.slice(stalled));
  return { delivered, gaps, closed, firstClose, latency: latency.counts, cursor: least(clients), cursorOfReaders, loopLagP99: lag.p99 };
}

async function obey(order: Order): Promise<void> {
  switch (order.order) {
    case 'open':
      return open(order);
    case 'start':
      tally.start(order.stride);
      return lag.start();
    case 'until':
      return until(order);
    case 'stall':
      return stall(order);
    case 'resume':
      return resume();
    case 'report':
      return;
  }
}

takeOrders(obey, report);
