/** A WebSocket without the SDK: for what no well-behaved client would say. */
import { once } from 'node:events';
import { checkSaid } from '@hubbub/protocol/said.fixture';
import { type ClientOptions, WebSocket } from 'ws';

export interface Answer {
  readonly res?: number;
  readonly push?: string;
  readonly error?: { readonly code: string; readonly text: string };
  readonly [member: string]: unknown;
}

export class RawLink implements Disposable {
  readonly socket: WebSocket;
  readonly heard: Answer[] = [];
  readonly #closed: Promise<string>;
  readonly #listeners = new Set<() => void>();
  #req = 0;
  /** By number. */
  readonly #asked = new Map<number, string>();

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data) => {
      const said = JSON.parse(data.toString()) as Answer;
      this.heard.push(said);
      checkSaid({ ...said }, this.#asked.get(said.res ?? 0));
      for (const run of this.#listeners) run();
    });
    socket.on('error', () => {});
    this.#closed = new Promise((resolve) => socket.once('close', (code, reason) => resolve(`${code} ${reason}`)));
  }

  /** Opens a link; with `credentials` it is signed in. Rejects when the upgrade is refused. */
  static async open(url: string, credentials?: Record<string, unknown>, how: ClientOptions = {}): Promise<RawLink> {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/ws`, how);
    const link = new RawLink(socket);
    await once(socket, 'open');
    if (credentials) await link.ask('hello', { protocol: 1, session: crypto.randomUUID(), ...credentials });
    return link;
  }

  /** Its close code and reason: `4400 bad_frame`. */
  get closed(): Promise<string> {
    return this.#closed;
  }

  send(text: string | Buffer): void {
    this.socket.send(text);
  }

  /** Gives a command; its reply. */
  async ask(cmd: string, members: Record<string, unknown> = {}): Promise<Answer> {
    this.#req += 1;
    const req = this.#req;
    this.#asked.set(req, cmd);
    this.send(JSON.stringify({ req, cmd, ...members }));
    return this.until(({ res }) => res === req);
  }

  /** The first that fits of what was heard or is yet to come. */
  async until(fits: (answer: Answer) => boolean): Promise<Answer> {
    const found = Promise.withResolvers<Answer>();
    const look = (): void => {
      const answer = this.heard.find(fits);
      if (answer) found.resolve(answer);
    };
    void this.#closed.then((why) => found.reject(new Error(`closed: ${why}`)));
    this.#listeners.add(look);
    look();
    try {
      return await found.promise;
    } finally {
      this.#listeners.delete(look);
    }
  }

  [Symbol.dispose](): void {
    this.socket.terminate();
  }
}
