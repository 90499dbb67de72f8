/** A process that does what it is told, order by order, over the channel of `fork`. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

interface Letter<Order> {
  readonly id: number;
  readonly order: Order;
}

interface Answer<Report> {
  readonly id: number;
  readonly report?: Report;
  readonly error?: string;
}

/** The bench's end of such a process. It ends by itself when the bench does: their channel breaks. */
export class OrderProcess<Order, Report> implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<Report>>();
  #id = 0;

  /** `program` is the path of one that calls `takeOrders`. */
  constructor(program: string) {
    this.#child = fork(program, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#child.on('message', (message) => this.#hear(message as Answer<Report>));
    this.#child.once('exit', (code, signal) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`the clients have ended (${code ?? signal})`));
    });
  }

  /** Gives an order. Resolves when it has been carried out; rejects with what went wrong. */
  tell(order: Order): Promise<Report> {
    this.#id += 1;
    const waiting = Promise.withResolvers<Report>();
    this.#waiting.set(this.#id, waiting);
    this.#child.send({ id: this.#id, order } satisfies Letter<Order>);
    return waiting.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }

  #hear({ id, report, error }: Answer<Report>): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (report) waiting?.resolve(report);
    else waiting?.reject(new Error(error));
  }
}

/** The process's own end: each order is obeyed, and answered with what there is to report then. */
export function takeOrders<Order, Report>(obey: (order: Order) => Promise<void>, report: () => Report): void {
  process.on('message', ({ id, order }: Letter<Order>) => {
    const answer = (rest: Omit<Answer<Report>, 'id'>): void => void process.send?.({ id, ...rest });
    obey(order).then(
      () => answer({ report: report() }),
      (error: unknown) => answer({ error: error instanceof Error ? error.message : String(error) }),
    );
  });
  // Whoever started it has gone.
  process.on('disconnect', () => process.exit());
}
