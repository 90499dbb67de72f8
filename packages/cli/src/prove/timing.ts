import type { Account, Step } from './history.ts';

/** A fault, from when it struck until it had healed, and until when what follows is still about it. */
export interface Spell {
  readonly struckAt: number;
  readonly healedAt: number;
  readonly until: number;
}

/**
 * How long after the fault had healed each client held, of every channel, all up to the first event that was acknowledged after it: by
 * then everything flows again. In milliseconds.
 */
export function caughtUp(accounts: readonly Account[], spell: Spell): number[] {
  const heads = new Map<string, number>();
  for (const { channel, ack } of accounts.flatMap(({ sendings }) => sendings)) {
    if (ack && ack.at >= spell.healedAt && ack.at < spell.until) heads.set(channel, Math.min(heads.get(channel) ?? ack.offset, ack.offset));
  }
  return accounts.map(({ steps }) => {
    const late = Object.entries(steps).map(([channel, list]) => reached(list, heads.get(channel) ?? 0, spell) - spell.healedAt);
    return Math.max(0, ...late);
  });
}

/** When the subscription had come as far as `head`, after its reset if there was one (what is older it reads anew at leisure). Never: infinite. */
function reached(steps: readonly Step[], head: number, { struckAt, until }: Spell): number {
  if (head === 0) return 0;
  const at = steps.findLastIndex((step) => step.what === 'reset' && step.at >= struckAt && step.at < until);
  const reset = steps[at];
  const since = steps.slice(at + 1);
  if (reset?.what === 'reset' && reset.offset >= head) return reset.at;
  return since.find((step) => step.what === 'events' && (step.events.at(-1)?.[0] ?? 0) >= head)?.at ?? Number.POSITIVE_INFINITY;
}

/**
 * How long after its acknowledgement each event that was acknowledged in a time was given to each client: of those that were given it
 * before, 0. In milliseconds.
 */
export function delays(accounts: readonly Account[], { struckAt, healedAt }: Spell): number[] {
  const acked = new Map<string, number>();
  for (const { id, ack } of accounts.flatMap(({ sendings }) => sendings)) {
    if (ack && ack.at >= struckAt && ack.at < healedAt) acked.set(id, ack.at);
  }
  const all: number[] = [];
  for (const { steps } of accounts) {
    const given = new Set<string>();
    for (const step of Object.values(steps).flat()) {
      if (step.what === 'reset') continue;
      for (const [, id] of step.events) {
        const at = acked.get(id);
        // What is read anew after a reset has been given before.
        if (at !== undefined && !given.has(id)) all.push(Math.max(0, step.at - at));
        if (at !== undefined) given.add(id);
      }
    }
  }
  return all;
}

/** How many were acknowledged from `from` until `to`. */
export function ackedBetween(accounts: readonly Account[], from: number, to: number): number {
  let count = 0;
  for (const { sendings } of accounts) for (const { ack } of sendings) if (ack && ack.at >= from && ack.at < to) count += 1;
  return count;
}

/** The value that so much of all (0 … 1) do not exceed; 0 of none. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? 0;
}
