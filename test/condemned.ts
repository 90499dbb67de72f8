/** Somebody who will lose his right and does not care: by his link he goes on sending and reading, and he tries every door of every node. */
import { StubbornLink } from './stubborn-link.ts';

/** `open`: he was let in; `refused`: `unauthorized`; `silent`: no answer; else he was put off, with these words. */
export type Outcome = 'open' | 'refused' | 'silent' | `put off: ${string}`;

export interface Try {
  /** When it began, of `performance.now()`. */
  readonly at: number;
  readonly node: number;
  readonly door: (typeof doors)[number];
  readonly outcome: Outcome;
}

const doors = ['link', 'read', 'send'] as const;
const sendsEvery = 100;
const triesEvery = 500;
const patience = 2_000;

export class Condemned implements Disposable {
  readonly user: string;
  readonly link: StubbornLink;
  readonly tries: Try[] = [];
  readonly #token: string;
  readonly #channel: string;
  readonly #ports: readonly number[];
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #trying = new Set<Promise<void>>();

  private constructor(
    link: StubbornLink,
    who: { readonly user: string; readonly token: string },
    channel: string,
    ports: readonly number[],
  ) {
    this.link = link;
    this.user = who.user;
    this.#token = who.token;
    this.#channel = channel;
    this.#ports = ports;
  }

  /** Signs in on the node `at` of those with these ports, reads the channel, and begins. */
  static async open(
    who: { readonly user: string; readonly token: string },
    channel: string,
    ports: readonly number[],
    at: number,
  ): Promise<Condemned> {
    const link = await StubbornLink.open(ports[at] ?? 0, who.token);
    const one = new Condemned(link, who, channel, ports);
    link.say('subscribe', { to: [{ channel }] });
    one.#timers.push(
      setInterval(() => one.#act(), sendsEvery),
      setInterval(() => one.#knock(), triesEvery),
    );
    one.#knock();
    return one;
  }

  /** Whether he has been given events since, has read, and a send of his has been acknowledged. */
  flows(since: number): boolean {
    const heard = this.link.arrived.filter(({ at }) => at > since);
    const given = heard.some(({ text }) => text.startsWith('{"push":"events"'));
    const read = heard.some(({ text }) => text.startsWith('{"res"') && text.includes('"events":[{'));
    const sent = heard.some(({ text }) => text.startsWith('{"res"') && text.includes('"results":[{"offset"'));
    return given && read && sent;
  }

  /** Whether each door of this node has been open to him. */
  opened(node: number): boolean {
    const open = this.tries.filter((one) => one.node === node && one.outcome === 'open');
    return doors.every((door) => open.some((one) => one.door === door));
  }

  /** Whether every door of this node was shut in his face, behind that moment. */
  refused(node: number, since: number): boolean {
    const shut = this.tries.filter((one) => one.node === node && one.at > since && one.outcome === 'refused');
    return doors.every((door) => shut.some((one) => one.door === door));
  }

  /** Does nothing more; resolves when what he has tried is over. */
  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await Promise.all(this.#trying);
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.link[Symbol.dispose]();
  }

  #act(): void {
    const { link } = this;
    link.say('send', { channel: this.#channel, events: [this.#draft()] });
    link.say('history', { channel: this.#channel, limit: 1 });
  }

  #draft(): object {
    return { id: crypto.randomUUID(), kind: 'message', body: { text: 'still here' } };
  }

  #knock(): void {
    const events = `/v1/channels/${this.#channel}/events`;
    for (const [node, port] of this.#ports.entries()) {
      const at = performance.now();
      const note = (door: Try['door'], outcome: Promise<Outcome>): void => {
        const noted = outcome.then((known) => void this.tries.push({ at, node, door, outcome: known }));
        this.#trying.add(noted);
        void noted.then(() => this.#trying.delete(noted));
      };
      note('link', this.#say(port));
      note('read', this.#ask(port, `${events}?limit=1`));
      note('send', this.#ask(port, events, JSON.stringify(this.#draft())));
    }
  }

  async #say(port: number): Promise<Outcome> {
    try {
      using link = await StubbornLink.open(port, this.#token, patience);
      if (link.letIn) return 'open';
      const { text = 'nothing was said' } = link.arrived.at(-1) ?? {};
      return text.includes('"unauthorized"') ? 'refused' : `put off: ${text}`;
    } catch {
      return 'silent';
    }
  }

  async #ask(port: number, path: string, body?: string): Promise<Outcome> {
    try {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
        ...(body !== undefined && { method: 'POST', body }),
        headers: { authorization: `Bearer ${this.#token}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
        signal: AbortSignal.timeout(patience),
      });
      if (answer.ok) return 'open';
      return answer.status === 401 ? 'refused' : `put off: ${await answer.text()}`;
    } catch {
      return 'silent';
    }
  }
}
