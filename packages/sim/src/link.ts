import type { Dial, Link, LinkHandlers } from '@hubbub/client/link';
import { type Code, codes } from '@hubbub/protocol/codes';
import type { Frame, LinkSink, Transport } from '@hubbub/server/core/transport';
import { SignInSeen } from './sign-in-seen.ts';
import type { Actor } from './world.ts';

/** What a link holds before it is full, as the gateway's do. */
const window = 64 * 1_024;
const writeCost = 0.002;

/** What a network does to a link: decided per link by whoever makes it. */
export interface Weather {
  /** Milliseconds from end to end, drawn per frame; order is kept. */
  delay(): number;
  /** Bytes a millisecond from node to client. */
  readonly bandwidth: number;
}

/** Where a dial ends: a node that takes links, or nothing. */
export interface Door {
  readonly actor: Actor;
  attach(transport: Transport): LinkSink;
}

/** A link that is up, as faults see it. */
export interface SimulatedLink {
  readonly client: Actor;
  readonly node: Actor;
  /** Breaks it: both ends are told, late or soon. */
  cut(): void;
  /** From now on nothing passes, and nobody is told. */
  halfOpen(): void;
  /** The client's program sends this, whatever it is. */
  inject(text: string): void;
  /** The client stops reading, or reads on. */
  read(on: boolean): void;
  /** The node's program says this besides, whatever it is. */
  push(text: string): void;
}

/** What is written and delivered, for the checker: `text` as it leaves the node. */
export interface Wire {
  opened(link: SimulatedLink): void;
  closed(link: SimulatedLink): void;
  /** `token`: what the client has shown and the node has taken. */
  wrote(link: SimulatedLink, text: string, token?: string): void;
  /** What a frame to a client has become on its way. */
  onTheWay(frame: string): string;
  /** What the client says has reached the node. */
  said(link: SimulatedLink, text: string, token?: string): void;
}

/** A network between clients and nodes. */
export function dialer(client: Actor, door: () => Door | undefined, weather: () => Weather, wire: Wire): Dial {
  return (_url, handlers) => {
    const link = new Pipe(client, handlers, weather(), wire);
    client.after(link.weather.delay(), () => link.arrive(door()));
    return link;
  };
}

class Pipe implements Link, SimulatedLink, Transport {
  readonly traits = { name: 'simulated', signals: true, presence: true, loopback: false } as const;
  readonly weather: Weather;
  readonly client: Actor;
  readonly #handlers: LinkHandlers;
  readonly #wire: Wire;
  #door: Door | undefined;
  #sink: LinkSink | undefined;
  #state: 'dialing' | 'open' | 'closed' = 'dialing';
  #silent = false;
  #reading = true;
  /** Frames that the node has written and the client has not taken. */
  #unsent: string[] = [];
  #unsentBytes = 0;
  #draining = false;
  #arriving: string[] = [];
  #heardAt = 0;
  readonly #signIn = new SignInSeen();
  /** A frame never overtakes the one before it. */
  #clientNext = 0;
  #nodeNext = 0;

  constructor(client: Actor, handlers: LinkHandlers, weather: Weather, wire: Wire) {
    this.client = client;
    this.#handlers = handlers;
    this.weather = weather;
    this.#wire = wire;
  }

  get node(): Actor {
    return this.#door?.actor ?? this.client;
  }

  /** The dial has reached the balancer. */
  arrive(door: Door | undefined): void {
    if (this.#state !== 'dialing') return;
    if (!door || door.actor.dead) {
      this.#state = 'closed';
      this.client.after(this.weather.delay(), () => this.#handlers.onClose(1006, ''));
      return;
    }
    this.#door = door;
    this.#toNode(() => {
      if (this.#state !== 'dialing') return;
      this.#state = 'open';
      this.#heardAt = door.actor.shown;
      this.#sink = door.attach(this);
      this.#wire.opened(this);
      this.#toClient(() => this.#handlers.onOpen());
    });
  }

  /** The client's side. */
  send(text: string): void {
    if (this.#state !== 'open') return;
    this.#signIn.said(text);
    this.#toNode(() => {
      this.#heardAt = this.node.shown;
      if (this.#state !== 'open') return;
      this.#wire.said(this, text, this.#signIn.token);
      this.#sink?.onFrame(text);
    });
  }

  /** Either side's: the client's has no arguments, and ends its interest at once. */
  close(code?: Code, text?: string): void {
    if (this.#state === 'closed') return;
    const wasOpen = this.#state === 'open';
    if (code === undefined) {
      this.#state = 'closed';
      if (wasOpen) this.#end();
      return;
    }
    this.#state = 'closed';
    this.#wire.closed(this);
    // What was written before goes out before.
    this.#flush();
    this.#toClient(() => this.#handlers.onClose(codes[code].close ?? 1008, text ?? ''));
  }

  /** The node's side. */
  write(frame: Frame): void {
    this.node.charge(writeCost);
    if (this.#state !== 'open') return;
    this.#signIn.answered(frame.text);
    this.#wire.wrote(this, frame.text, this.#signIn.token);
    this.#unsent.push(frame.text);
    this.#unsentBytes += frame.bytes;
    this.#drain();
  }

  /** What is written is on its way at once. */
  flush(): void {}

  room(): number {
    return window - this.#unsentBytes;
  }

  heardAt(): number {
    return this.#heardAt;
  }

  /** A pong, unless nothing passes or nobody reads: a stopped reader's kernel still answers nothing at this level. */
  ping(): void {
    if (this.#silent || this.#state !== 'open') return;
    this.node.after(2 * this.weather.delay(), () => {
      if (!this.#silent && this.#state === 'open' && this.#reading) this.#heardAt = this.node.shown;
    });
  }

  inject(text: string): void {
    this.send(text);
  }

  push(text: string): void {
    if (this.#state !== 'open') return;
    this.#unsent.push(text);
    this.#unsentBytes += text.length;
    this.#drain();
  }

  cut(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#end();
    this.#toClient(() => this.#handlers.onClose(1006, ''));
  }

  halfOpen(): void {
    this.#silent = true;
  }

  read(on: boolean): void {
    this.#reading = on;
    if (on) this.#drain();
  }

  /** The node learns of the end, unless nothing passes. */
  #end(): void {
    this.#wire.closed(this);
    if (!this.#silent) this.node.after(this.weather.delay(), () => this.#sink?.onClosed());
    // A node that hears nothing finds out by itself.
    else this.node.after(30_000, () => this.#sink?.onClosed());
  }

  #toNode(run: () => void): void {
    if (this.#silent) return;
    this.#nodeNext = Math.max(this.#nodeNext, this.client.now + this.weather.delay());
    this.client.world.schedule(this.node, this.#nodeNext, run);
  }

  #toClient(run: () => void): void {
    if (this.#silent) return;
    this.#clientNext = Math.max(this.#clientNext, this.node.now + this.weather.delay());
    this.client.world.schedule(this.client, this.#clientNext, run);
  }

  /** One frame after the other leaves the node as fast as the link takes it. */
  #drain(): void {
    if (this.#draining || this.#silent || !this.#reading || this.#state !== 'open') return;
    const text = this.#unsent[0];
    if (text === undefined) return;
    this.#draining = true;
    this.node.after(text.length / this.weather.bandwidth, () => {
      this.#draining = false;
      if (this.#state !== 'open' || this.#silent || !this.#reading) return;
      this.#take();
      this.#heardAt = this.node.shown;
      if (this.room() > 0) this.#sink?.onRoom();
      this.#drain();
    });
  }

  #take(): void {
    const text = this.#unsent.shift();
    if (text === undefined) return;
    this.#unsentBytes -= Buffer.byteLength(text);
    // What is on its way together arrives together: a platform may hand over several frames before any promise has its turn.
    this.#arriving.push(text);
    if (this.#arriving.length > 1) return;
    this.#toClient(() => {
      for (const frame of this.#arriving.splice(0)) this.#handlers.onFrame(this.#wire.onTheWay(frame));
    });
  }

  #flush(): void {
    if (!this.#reading) return;
    while (this.#unsent.length > 0) this.#take();
  }
}
