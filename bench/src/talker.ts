import { monotonic } from './clock.ts';
import { comeIn } from './come-back.ts';
import { makeBody } from './dialects.ts';
import { Place } from './event-pages.ts';
import { FrameLink, type FrameSink } from './frame-link.ts';
import { Hearing } from './hearing.ts';
import type { Histogram } from './histogram.ts';
import { type Guest, type RoomStep, roomDialects } from './room-dialects.ts';
import { type TalkSystem, talkDialects } from './talk-dialects.ts';

export interface TalkerOptions {
  readonly system: TalkSystem;
  /** His own number among all, and how many they are. */
  readonly who: number;
  readonly all: number;
  readonly room: string;
  readonly bodyBytes: number;
  /** How long after it was due something was heard; shared by all of a process. */
  readonly waits: Histogram;
}

/** A client that reads one room, and says something there when it is told to. */
export class Talker implements FrameSink {
  readonly #options: TalkerOptions;
  readonly #guest: Guest;
  readonly #hearing: Hearing;
  #link: FrameLink | undefined;
  #entering = Promise.withResolvers<void>();
  #inside = false;
  #turn = 0;
  /** What is said and not yet taken, the first being on its way. */
  readonly #saying: string[] = [];
  /** What was said in the room, by himself too. */
  heard = 0;
  /** How often it was told to say something later. */
  putOff = 0;
  /** Why it is out, if it is. */
  ended: string | undefined;

  constructor(options: TalkerOptions) {
    this.#options = options;
    const { who, all, room } = options;
    this.#guest = { name: `talker ${who}`, session: crypto.randomUUID(), places: [new Place(room)] };
    this.#hearing = new Hearing(all);
  }

  /** Comes in, however often it is told to come later. Resolves when it is in its room; rejects when it was refused. */
  enter(port: number): Promise<void> {
    return comeIn(() => {
      this.#entering = Promise.withResolvers();
      this.#link = new FrameLink({ port, path: roomDialects[this.#options.system].path }, this);
      return this.#entering.promise;
    });
  }

  /** Says something that was due at `dueMs`. */
  say(dueMs: number): void {
    const { system, who, all, room, bodyBytes } = this.#options;
    const text = talkDialects[system].say(room, makeBody(who + all * this.#turn, dueMs, bodyBytes));
    this.#turn += 1;
    if (!talkDialects[system].isAnswered) return this.#link?.say(text);
    if (this.#saying.push(text) === 1) this.#link?.say(text);
  }

  onOpen(): void {
    this.#follow(roomDialects[this.#options.system].hello(this.#guest));
  }

  onText(bytes: Buffer, at: number, length: number): void {
    const { system, waits } = this.#options;
    const dialect = talkDialects[system];
    const text = bytes.toString('utf8', at, at + length);
    if (!dialect.carries(bytes, at)) return this.#answer(text);
    const now = monotonic();
    for (const { i, t } of dialect.read(text)) {
      this.#hearing.hear(i);
      waits.record(now - t / 1_000);
      this.heard += 1;
    }
  }

  onEnded(why: Error): void {
    this.#entering.reject(why);
    if (this.#inside) this.ended = why.message;
  }

  #answer(text: string): void {
    const { system } = this.#options;
    const taken = this.#inside ? talkDialects[system].taken(text) : undefined;
    if (!taken) return this.#follow(roomDialects[system].answer(text, this.#guest));
    if ('againAfter' in taken) {
      this.putOff += 1;
      // With its id: it may be in the log already.
      setTimeout(() => this.#sayNext(), taken.againAfter);
    } else {
      this.#saying.shift();
      this.#sayNext();
    }
  }

  #sayNext(): void {
    const [text] = this.#saying;
    if (text !== undefined && this.ended === undefined) this.#link?.say(text);
  }

  #follow({ say, inside }: RoomStep): void {
    if (say !== undefined) this.#link?.say(say);
    if (!inside) return;
    this.#inside = true;
    this.#entering.resolve();
  }
}
