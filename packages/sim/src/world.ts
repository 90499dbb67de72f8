import type { Env } from '@hubbub/protocol/env';
import { Dice, randomStream } from './random.ts';

interface Task {
  at: number;
  readonly number: number;
  readonly actor: Actor;
  /** Its actor's own alarm. */
  readonly alarm: boolean;
  /** Was due while its actor was stopped: then what has come in is handled first, as an event loop does that wakes inside its poll. */
  late: boolean;
  run: (() => void) | undefined;
}

/**
 * A world with one clock and one queue. Nothing in it happens by itself: each step takes the earliest task, runs it, and lets every
 * promise that it has settled run out before the next. So one seed is one history, to the last byte.
 */
export class World {
  readonly seed: number;
  readonly counts = new Map<string, number>();
  now = 0;
  steps = 0;
  /** Work takes no time: then what one does cannot delay another by being there. */
  idle = false;
  #queue: Task[] = [];
  #number = 0;

  constructor(seed: number) {
    this.seed = seed;
  }

  actor(name: string): Actor {
    return new Actor(this, name);
  }

  count(name: string, by = 1): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + by);
  }

  /** Puts a task in the queue; ties go by the order of the calls. Returns what cancels it. */
  schedule(actor: Actor, at: number, run: () => void, alarm = false): () => void {
    this.#number += 1;
    const task: Task = { at: Math.max(at, this.now), number: this.#number, actor, alarm, late: false, run };
    this.#push(task);
    return () => {
      task.run = undefined;
    };
  }

  /** Runs until `until`, or until nothing is left to do. */
  async run(until: number): Promise<void> {
    for (let task = this.#queue[0]; task && task.at <= until; task = this.#queue[0]) {
      this.#pop();
      const { actor, run } = task;
      if (!run || actor.dead) continue;
      // An actor that is busy, or stopped, gets to it later.
      const free = actor.freeAt;
      if (free > task.at) {
        task.late ||= task.alarm && actor.stopped;
        task.at = free;
        this.#push(task);
        continue;
      }
      this.now = task.at;
      this.steps += 1;
      actor.wake(this.now);
      run();
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.now = Math.max(this.now, until);
  }

  #before(a: Task, b: Task): boolean {
    if (a.at !== b.at) return a.at < b.at;
    return a.late === b.late ? a.number < b.number : b.late;
  }

  #push(task: Task): void {
    const queue = this.#queue;
    let at = queue.length;
    queue.push(task);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = queue[parent];
      if (!above || !this.#before(task, above)) break;
      queue[at] = above;
      at = parent;
    }
    queue[at] = task;
  }

  #pop(): void {
    const queue = this.#queue;
    const last = queue.pop();
    if (!last || queue.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      const left = queue[child];
      if (!left) break;
      const right = queue[child + 1];
      if (right && this.#before(right, left)) child += 1;
      const least = queue[child];
      if (!least || !this.#before(least, last)) break;
      queue[at] = least;
      at = child;
    }
    queue[at] = last;
  }
}

/** Somebody in the world: a node, a client, the store, the bus, a fault. It has a clock of its own, which work moves on. */
export class Actor {
  readonly name: string;
  readonly dice: Dice;
  readonly world: World;
  dead = false;
  #clock = 0;
  #stoppedUntil = 0;
  #offset = 0;
  #rate = 1;

  constructor(world: World, name: string) {
    this.world = world;
    this.name = name;
    this.dice = new Dice(randomStream(world.seed, name));
  }

  /** When it can do its next step. */
  get freeAt(): number {
    return Math.max(this.#clock, this.#stoppedUntil);
  }

  /** Its clock: the world's, or later while it works. */
  get now(): number {
    return Math.max(this.#clock, this.world.now);
  }

  wake(now: number): void {
    this.#clock = Math.max(this.#clock, now);
  }

  /** Its own clock shows this at the beginning, and runs so much faster than the world's. */
  sets(offset: number, rate: number): void {
    this.#offset = offset;
    this.#rate = rate;
  }

  /** What its own clock shows. */
  get shown(): number {
    return this.#offset + this.now * this.#rate;
  }

  /** Work that takes so long. */
  charge(ms: number): void {
    if (!this.world.idle) this.#clock = this.now + ms;
  }

  /** SIGSTOP until then: everything that is due comes late. */
  stop(until: number): void {
    this.#stoppedUntil = Math.max(this.#stoppedUntil, until);
  }

  get stoppedUntil(): number {
    return this.#stoppedUntil;
  }

  get stopped(): boolean {
    return this.#stoppedUntil > this.world.now;
  }

  /** Calls `run` `ms` from now, as this actor. */
  after(ms: number, run: () => void): () => void {
    return this.world.schedule(this, this.now + Math.max(0, ms), run);
  }

  /** What core and client see of the world. */
  env<Name extends string>(): Env<Name> {
    return {
      now: () => this.shown,
      timer: (ms, run) => this.world.schedule(this, this.now + Math.max(0, ms) / this.#rate, run, true),
      turn: (run) => void this.after(0, run),
      random: this.dice.random,
      count: (name, by) => this.world.count(name, by),
    };
  }
}
