import type { Code } from '@hubbub/protocol/codes';

/**
 * A transport: how one client is attached. The gateway implements it, the node drives it.
 *
 * A transport never queues on its own account: the node writes only while `room()` says so (replies and pushes without payload aside,
 * which are small and bounded by the commands in flight), so what a slow client costs is what the link was given before it stopped.
 */
export interface Transport {
  readonly traits: TransportTraits;
  /**
   * Writes a frame; what one turn brings may leave together at its end, or at `flush`; `now`: it leaves at once. After `close`, or on a
   * broken link, it does nothing. Frames arrive in the order written.
   */
  write(frame: Frame, now?: boolean): void;
  /** What has been written leaves now: whoever writes to many links spreads and sees what it costs. */
  flush(): void;
  /** Bytes that may be written now without the link holding more than it should; 0 or less: full. */
  room(): number;
  /** When the client last gave a sign of life: a byte came in, or, while bytes wait, the link took some. Milliseconds of the node's clock. */
  heardAt(): number;
  /** Asks the client for a sign of life, where the transport has a way to. */
  ping(): void;
  /** Ends the link, once; what was written goes out before it as far as the peer takes it. */
  close(code: Code, text: string): void;
}

export interface TransportTraits {
  readonly name: 'websocket' | 'sse' | 'longpoll' | 'poll' | 'simulated';
  readonly signals: boolean;
  readonly presence: boolean;
  /** The client is on this very machine, and nobody has handed its link on: where the administrator's commands may come from. */
  readonly loopback: boolean;
}

/** What a node gives for a transport: the transport calls these from the event loop. */
export interface LinkSink {
  /** One frame from the client, as text. */
  onFrame(text: string): void;
  /** There is room again after there was none. */
  onRoom(): void;
  /** The link is gone, whoever ended it. Called once, last. */
  onClosed(): void;
}

/** How a link was and how it ended, for the log. */
export interface LinkEnd {
  /** Who it was; left out: nobody who was let in. */
  readonly user?: string;
  readonly transport: string;
  /** Why we ended it; left out: the other side did, or the network. */
  readonly code?: Code;
  readonly reason?: string;
  /** How long it stood, in milliseconds. */
  readonly lasted: number;
}

/** One frame. Its text is made once; each kind of transport makes its bytes of it once, so that a thousand links share one buffer. */
export class Frame {
  readonly text: string;
  #kind = '';
  #encoded: Uint8Array | undefined;
  #bytes = -1;

  constructor(text: string) {
    this.text = text;
  }

  /** Bytes of the text in UTF-8. */
  get bytes(): number {
    if (this.#bytes < 0) this.#bytes = Buffer.byteLength(this.text);
    return this.#bytes;
  }

  /** The bytes that `encode` makes of the text: made once, as long as those who ask in turn are of one `kind`. */
  encoded(kind: string, encode: (text: string) => Uint8Array): Uint8Array {
    if (!this.#encoded || this.#kind !== kind) {
      this.#encoded = encode(this.text);
      this.#kind = kind;
    }
    return this.#encoded;
  }
}
