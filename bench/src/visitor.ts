import { comeIn } from './come-back.ts';
import { type EventPages, Place } from './event-pages.ts';
import { FrameLink, type FrameSink } from './frame-link.ts';
import { type Guest, type RoomStep, type RoomSystem, roomDialects } from './room-dialects.ts';

export interface VisitorOptions {
  readonly system: RoomSystem;
  readonly name: string;
  readonly rooms: readonly string[];
  /** Shared by all who read the same messages. */
  readonly pages: EventPages;
}

/** A client that reads several rooms: it comes in, can be cut off, and comes back to where it stood. */
export class Visitor implements FrameSink {
  readonly #system: RoomSystem;
  readonly #guest: Guest;
  readonly #pages: EventPages;
  #link: FrameLink | undefined;
  #entering = Promise.withResolvers<void>();
  #inside = false;
  #catchingUp = Promise.withResolvers<void>();
  #missing = 0;
  /** How often it has dialled, and how many events it has got. */
  tries = 0;
  delivered = 0;
  /** Why it is out, if it is and nobody has cut it off. */
  ended: string | undefined;

  constructor({ system, name, rooms, pages }: VisitorOptions) {
    this.#system = system;
    this.#guest = { name, session: crypto.randomUUID(), places: rooms.map((room) => new Place(room)) };
    this.#pages = pages;
  }

  /**
   * Comes in, however often it is told to come later. Resolves when it is in all its rooms and has got `missed` events of each; rejects
   * when it was refused, or cut off, or got something else than what follows.
   */
  async enter(port: number, missed: number): Promise<void> {
    this.#missing = missed * this.#guest.places.length;
    this.#catchingUp = Promise.withResolvers();
    // It may fail before anybody waits for it.
    this.#catchingUp.promise.catch(() => {});
    await comeIn(() => this.#dial(port));
    if (this.#missing > 0) await this.#catchingUp.promise;
  }

  cut(): void {
    this.#inside = false;
    this.#link?.cut();
  }

  onOpen(): void {
    this.#follow(roomDialects[this.#system].hello(this.#guest));
  }

  onText(bytes: Buffer, at: number, length: number): void {
    const dialect = roomDialects[this.#system];
    if (dialect.carries(bytes, at)) this.#count(bytes, at, length);
    else this.#follow(dialect.answer(bytes.toString('utf8', at, at + length), this.#guest));
  }

  onEnded(why: Error): void {
    this.#entering.reject(why);
    if (!this.#inside) return;
    this.#inside = false;
    this.ended = why.message;
    this.#catchingUp.reject(why);
  }

  #dial(port: number): Promise<void> {
    this.tries += 1;
    this.#entering = Promise.withResolvers();
    this.#link = new FrameLink({ port, path: roomDialects[this.#system].path }, this);
    return this.#entering.promise;
  }

  #follow({ say, inside }: RoomStep): void {
    if (say !== undefined) this.#link?.say(say);
    if (!inside) return;
    this.#inside = true;
    this.#entering.resolve();
  }

  #count(bytes: Buffer, at: number, length: number): void {
    const page = this.#pages.read(bytes, at, length);
    const place = this.#guest.places.find(({ channel }) => channel === page.channel);
    if (!place) throw new Error(`${page.channel} is none of its rooms`);
    const events = place.take(page);
    this.delivered += events;
    this.#missing -= events;
    if (this.#missing <= 0) this.#catchingUp.resolve();
  }
}
