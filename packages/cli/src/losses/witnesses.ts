import type { Heard, Witness } from '../../../../bench/src/losses.ts';
import type { Account, Log, Step } from '../prove/history.ts';

/** What the clients of a run said and heard, whatever system it was on. Throws when one was reset: what is read anew is no loss to count. */
export function witnessesOf(accounts: readonly Account[]): Witness[] {
  return accounts.map(({ name, sendings, steps }) => ({
    said: sendings.map(({ channel, id, ack }) => ({ room: channel, id, acked: ack !== undefined })),
    heard: Object.fromEntries(Object.entries(steps).map(([room, list]) => [room, list.flatMap((step) => heardIn(step, name))])),
  }));
}

function heardIn(step: Step, name: string): Heard[] {
  if (step.what !== 'events') throw new Error(`${name} was told to start again, which nothing here gives a reason for`);
  return step.events.map(([, id]) => ({ id, at: step.at }));
}

/** Of each room the ids, as they stand in the log. */
export function ordersOf({ channels }: Log): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(Object.entries(channels).map(([room, events]) => [room, events.map(({ id }) => id)]));
}
