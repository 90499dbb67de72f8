/** The events of one message of ours. */
export interface EventPage {
  readonly channel: string;
  readonly first: number;
  readonly last: number;
}

/** How far into a message its first event's offset stands, at most: names are up to 145 bytes long, epochs up to 32. */
const headBytes = 320;
const head = /^\{"push":"events","channel":"([^"]+)","epoch":"[^"]+","events":\[\{"offset":(\d+)/;

/**
 * Reads which events a message brings. One is known by its head and its length, so that of the thousand copies of it only the first is
 * parsed: the clients must not be what is measured. Throws when its events are not those that follow its first.
 */
export class EventPages {
  readonly #known = new Map<string, EventPage>();

  /** The message `bytes[at … at + length]`. */
  read(bytes: Buffer, at: number, length: number): EventPage {
    const [begins, channel = '', first = ''] = head.exec(bytes.toString('latin1', at, at + Math.min(length, headBytes))) ?? [];
    if (begins === undefined) throw new Error('a message of events that begins like none');
    const key = `${length} ${begins}`;
    let page = this.#known.get(key);
    if (!page) {
      const { events } = JSON.parse(bytes.toString('utf8', at, at + length)) as { events: { offset: number }[] };
      page = { channel, first: Number(first), last: Number(first) + events.length - 1 };
      const astray = events.findIndex(({ offset }, place) => offset !== Number(first) + place);
      if (astray >= 0) throw new Error(`event ${events[astray]?.offset} of ${channel} stands where ${Number(first) + astray} should`);
      this.#known.set(key, page);
    }
    return page;
  }
}

/** Where one who reads stands in a channel: it has to get the events that follow, in order, each once. */
export class Place {
  readonly channel: string;
  /** All up to here it has. */
  offset = 0;
  epoch = '';

  constructor(channel: string) {
    this.channel = channel;
  }

  /** Takes what a message has brought; returns how many events. Throws when something is missing between, or was there before. */
  take({ first, last }: EventPage): number {
    if (first > this.offset + 1) throw new Error(`${this.channel}: ${first} came after ${this.offset}, something is missing`);
    if (first <= this.offset) throw new Error(`${this.channel}: ${first} came when ${this.offset} was there, something came twice`);
    this.offset = last;
    return last - first + 1;
  }
}
