/** Somebody of the SDK who reads a channel, on the node of the test's choice: comes, goes, moves, and is himself told who is there. */
import { type Client, connect, type Link, type LinkHandlers, type Presence } from '@hubbub/client';
import { dialWebSocket } from '@hubbub/client/transports/websocket';
import { until } from '@hubbub/rig/servers/until';

export class Person implements Disposable {
  readonly #channel: string;
  readonly #name: string;
  #client: Client | undefined;
  #link: { readonly link: Link; readonly handlers: LinkHandlers } | undefined;
  #token: string | undefined;
  #user = '';
  #where: () => string;
  #presence: (() => Presence | undefined) | undefined;

  constructor(channel: string, name: string, where: () => string) {
    this.#channel = channel;
    this.#name = name;
    this.#where = where;
  }

  /** As the node calls him, once he has been there. */
  get user(): string {
    return this.#user;
  }

  get here(): boolean {
    return this.#client !== undefined;
  }

  get live(): boolean {
    return this.#client?.status.state === 'live';
  }

  /** What he is told, while he has a link that is to be trusted. */
  get told(): Presence | undefined {
    return this.live ? this.#presence?.() : undefined;
  }

  /** Comes, as the same user as before; resolves when he is there. */
  async come(where = this.#where): Promise<void> {
    this.#where = where;
    const client = connect({
      url: where(),
      credentials: this.#token === undefined ? { name: this.#name } : { token: this.#token },
      onToken: (token) => {
        this.#token = token;
      },
      dial: (_, handlers) => {
        const link = dialWebSocket(this.#where(), handlers);
        this.#link = { link, handlers };
        return link;
      },
    });
    this.#client = client;
    const subscription = client.subscribe(this.#channel, { onEvents: () => {}, onPresence: () => {} });
    this.#presence = () => subscription.presence;
    await this.isBack();
    this.#user = client.user ?? '';
  }

  /** Goes for good. */
  go(): void {
    this.#client?.close();
    this.#client = undefined;
    this.#presence = undefined;
  }

  /** From the next link on, this is where he dials. */
  turnTo(where: () => string): void {
    this.#where = where;
  }

  /** The link breaks, and the same session is there again over another one. Resolves with how long that took, in milliseconds. */
  async move(where: () => string): Promise<number> {
    const began = performance.now();
    this.turnTo(where);
    this.#link?.link.close();
    this.#link?.handlers.onClose(1006, '');
    await this.isBack();
    return performance.now() - began;
  }

  /** Resolves when he is there; he does not wait for the back-off. */
  async isBack(patience = 30_000): Promise<void> {
    const nudge = setInterval(() => this.#client?.status.state === 'reconnecting' && this.#client.reconnect(), 1_000);
    try {
      await until(`${this.#name} is there`, () => this.live, patience);
    } finally {
      clearInterval(nudge);
    }
  }

  [Symbol.dispose](): void {
    this.go();
  }
}
