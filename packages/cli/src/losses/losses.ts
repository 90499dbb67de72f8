/** What clients lose under the same faults, at the same size, on the same seed: on Hubbub, and on Socket.IO with its Redis adapter. */
import { countLosses, type Losses } from '../../../../bench/src/losses.ts';
import { installPeers } from '../../../../bench/src/peers.ts';
import type { Findings } from '../../../../bench/src/report.ts';
import type { Setting } from '../prove/cluster.ts';
import { cutBroker, killBroker, restartBroker } from '../prove/cluster-faults.ts';
import type { Fault, System } from '../prove/fault.ts';
import type { History } from '../prove/history.ts';
import { flapClients } from '../prove/network-faults.ts';
import { killNode, pauseNode } from '../prove/process-faults.ts';
import { prove } from '../prove/run.ts';
import { runChat } from './chat-run.ts';
import { ordersOf, witnessesOf } from './witnesses.ts';

/** Those that can befall either system: processes, what is between them, and links. */
const faults: readonly Fault<System>[] = [killNode, killBroker, restartBroker, pauseNode, cutBroker, flapClients];

export const lossFaults: readonly string[] = ['none', ...faults.map(({ name }) => name)];

/** What both stand on; Socket.IO stores nothing, so it has no store. */
export const lossSetting: Setting = { store: 'postgres', broker: 'redis', nodes: 3 };
const size = { clients: 9, channels: 6, rate: 200 };

export interface LossOptions {
  /** Of `lossFaults`. */
  readonly faults: readonly string[];
  /** The load before and after each fault, together. */
  readonly seconds: number;
  readonly seed: number;
  readonly say: (text: string) => void;
  /** Breaks it off; what was started is ended. */
  readonly signal: AbortSignal;
}

interface Counted {
  readonly losses: Losses;
  readonly seen: string | undefined;
  /** Of ours: promises that its own checker found broken, in words. Nobody has promised them of a peer. */
  readonly broken?: readonly string[];
}

/** Runs both with each fault in turn. A run that failed, or whose fault left no trace, is void, with the reason. */
export async function losses(options: LossOptions): Promise<Findings> {
  const { seconds, seed, say, signal } = options;
  await installPeers(say);
  const results: Findings['results'][number][] = [];
  const voids: Findings['void'][number][] = [];
  for (const name of options.faults) {
    const fault = faults.find((one) => one.name === name);
    for (const [system, run] of [
      ['socketio', onSocketIo],
      ['hubbub', onHubbub],
    ] as const) {
      const about = { system, scenario: 'losses', parameters: { fault: name, nodes: lossSetting.nodes, ...size, seconds, seed } };
      say(`== ${name}: ${system}`);
      try {
        const { losses: figures, seen, broken } = await run(fault, options);
        for (const text of broken ?? []) say(`broken: ${text}`);
        say(`${system} ${name}: ${JSON.stringify(figures)}`);
        if (seen === undefined) voids.push({ ...about, reason: 'the fault left no trace' });
        else results.push({ ...about, figures: { ...figures, ...(broken && { promisesBroken: broken.length }) } });
      } catch (error) {
        if (signal.aborted) throw error;
        voids.push({ ...about, reason: error instanceof Error ? error.message : String(error) });
      }
    }
  }
  return { results, void: voids };
}

async function onSocketIo(fault: Fault<System> | undefined, { seconds, seed, say, signal }: LossOptions): Promise<Counted> {
  const channels = Array.from({ length: size.channels }, (_, at) => `room:prove-${at + 1}`);
  const { accounts, seen } = await runChat({ ...size, nodes: lossSetting.nodes, channels, fault, seconds, seed, say, signal });
  return { losses: countLosses(witnessesOf(accounts)), seen };
}

async function onHubbub(fault: Fault<System> | undefined, { seconds, seed, say, signal }: LossOptions): Promise<Counted> {
  let history: History | undefined;
  const { faults: found, violations } = await prove({
    ...{ ...size, setting: lossSetting, brief: true, faults: fault ? [fault] : [], seconds, seed, say, signal },
    onHistory: (all) => {
      history = all;
    },
  });
  if (!history) throw new Error('there is no history');
  return {
    losses: countLosses(witnessesOf(history.accounts), ordersOf(history.log)),
    seen: found[0]?.seen ?? undefined,
    broken: violations,
  };
}
