import { drawn, type Fault, type System } from '../prove/fault.ts';
import type { Account } from '../prove/history.ts';
import { type ChatSize, type ChatStage, openChat } from './chat-stage.ts';

export interface ChatRun extends ChatSize {
  /** Left out: none. */
  readonly fault: Fault<System> | undefined;
  /** Events a second, from all clients together. */
  readonly rate: number;
  /** The load before and after the fault, together. */
  readonly seconds: number;
  readonly say: (text: string) => void;
  readonly signal: AbortSignal;
}

export interface ChatHistory {
  readonly accounts: readonly Account[];
  /** What shows that the fault was there; undefined: nothing does. */
  readonly seen: string | undefined;
}

/** As in a run of ours: how long everything has to be well again, for the last answers, and for the last events. */
const healingMs = 10_000;
const settlePatience = 90_000;
const quietMs = 5_000;

/** Does to a chat on Socket.IO what `prove` does to Hubbub: the same load, the same fault at the same moment of the seed's, the same times. */
export async function runChat(run: ChatRun): Promise<ChatHistory> {
  const { fault, rate, seconds, seed, say, signal } = run;
  await using stage = await openChat(run, signal);
  say(`${run.clients} clients of Socket.IO are connected, in ${run.channels.length} rooms on ${run.nodes} nodes`);
  await stage.crews.load(rate);
  let seen: string | undefined = 'there was none';
  if (!fault) await stage.pause(seconds * 1_000);
  else {
    const { dice, about: victim, part } = drawn(fault.name, seed, (some) => some.pick(stage.cluster.nodes));
    if (!victim) throw new Error('there are no nodes');
    await stage.pause(seconds * 1_000 * part);
    say(`${fault.name} …`);
    seen = await fault.strike({ ...stage, server: victim, brief: true }, dice);
    say(`${fault.name}: ${seen ?? 'left no trace'}`);
    await stage.pause(healingMs + seconds * 1_000 * (1 - part));
  }
  await stage.crews.load(0);
  await settle(stage, run.clients);
  return { accounts: await stage.crews.accounts(), seen };
}

/** Waits until all is answered or given up and everybody is connected, and then for what is on its way yet. Throws when that never is. */
async function settle({ crews, until, pause }: ChatStage, clients: number): Promise<void> {
  const calm = async (): Promise<boolean> => {
    const { unanswered, live } = await crews.standing();
    return unanswered === 0 && live === clients;
  };
  if (!(await until(calm, settlePatience)))
    throw new Error(`not all was answered, or not everybody was back, ${settlePatience / 1_000} s after the load`);
  await pause(quietMs);
}
