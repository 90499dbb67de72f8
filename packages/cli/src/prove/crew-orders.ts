/** What a thread of clients is told, what it answers, and how it does what it is told: whoever the clients are. */
import { parentPort, workerData } from 'node:worker_threads';
import { Dice, randomStream } from '@hubbub/sim/random';
import { type Account, now } from './history.ts';

/** Who a client is to be, and where. */
export interface Member {
  readonly name: string;
  readonly url: string;
  /** The port of this machine through which it goes there; left out: that of the URL. */
  readonly through?: number;
  /** Who to be; left out: a guest of that name. */
  readonly token?: string;
}

export interface CrewData {
  readonly members: readonly Member[];
  readonly channels: readonly string[];
  readonly seed: number;
}

export type Order =
  /** So many events a second from now on. */
  | { readonly order: 'load'; readonly rate: number }
  /** So many events of so many bytes, from all but these; done when all are answered. */
  | { readonly order: 'bulk'; readonly count: number; readonly bytes: number; readonly spared: readonly string[] }
  | { readonly order: 'standing' }
  | { readonly order: 'report' };

export interface Standing {
  readonly unanswered: number;
  readonly answered: number;
  /** How many say that they have all there is. */
  readonly live: number;
  /** By channel: how far the one who is furthest behind has read. */
  readonly lowest: Readonly<Record<string, number>>;
}

export interface Asked {
  readonly number: number;
  readonly order: Order;
}

export interface Answered {
  readonly number: number;
  readonly standing: Standing;
  readonly accounts: readonly Account[];
}

/** One client of a run. */
export interface Speaker {
  readonly name: string;
  /** Events that it has sent and that are not answered yet. */
  readonly unanswered: number;
  readonly answered: number;
  /** Whether it says that it has all there is. */
  readonly live: boolean;
  /** How far it has read. */
  offset(channel: string): number;
  /** Sends an event. Resolves when it has been acknowledged or refused. */
  send(channel: string, text: string): Promise<void>;
  account(): Account;
}

const tickMs = 20;

/** Leads this thread: makes its clients, and carries out orders, one after the other or several at once; each is answered by its number. */
export function leadCrew(make: (member: Member, channels: readonly string[]) => Speaker): void {
  const { members, channels, seed } = workerData as CrewData;
  const dice = new Dice(randomStream(seed, `crew ${members[0]?.name}`));
  const participants = members.map((member) => make(member, channels));

  let load = { rate: 0, since: now(), sent: 0 };
  let turn = dice.below(channels.length);
  setInterval(() => {
    const due = Math.floor(((now() - load.since) * load.rate) / 1_000);
    for (; load.sent < due; load.sent++) void say(participants, '');
  }, tickMs);

  function say(speakers: readonly Speaker[], filling: string): Promise<void> {
    turn = (turn + 1) % channels.length;
    const channel = channels[turn];
    const speaker = dice.pick(speakers);
    if (channel === undefined || !speaker) return Promise.resolve();
    return speaker.send(channel, `${speaker.name} says ${'so '.repeat(dice.below(60))}${filling}`);
  }

  async function carryOut(order: Order): Promise<void> {
    if (order.order === 'load') load = { rate: order.rate, since: now(), sent: 0 };
    if (order.order !== 'bulk') return;
    const speakers = participants.filter(({ name }) => !order.spared.includes(name));
    const filling = 'x'.repeat(order.bytes);
    await Promise.all(Array.from({ length: order.count }, () => say(speakers, filling)));
  }

  function standing(): Standing {
    const sum = (of: (one: Speaker) => number): number => participants.reduce((total, one) => total + of(one), 0);
    return {
      unanswered: sum(({ unanswered }) => unanswered),
      answered: sum(({ answered }) => answered),
      live: sum(({ live }) => Number(live)),
      lowest: Object.fromEntries(channels.map((channel) => [channel, Math.min(...participants.map((one) => one.offset(channel)))])),
    };
  }

  async function answer({ number, order }: Asked): Promise<void> {
    await carryOut(order);
    const accounts = order.order === 'report' ? participants.map((one) => one.account()) : [];
    parentPort?.postMessage({ number, standing: standing(), accounts } satisfies Answered);
  }

  parentPort?.on('message', (asked: Asked) => void answer(asked));
}
