export type ServerName = 'redis' | 'nats' | 'rabbitmq' | 'kafka' | 'postgres' | 'rethinkdb' | 'haproxy' | 'nginx';

/** A real server of our own: its own folder, a free port of 127.0.0.1, no default touched. `await using` leaves nothing of it behind. */
export interface RealServer extends AsyncDisposable {
  readonly name: ServerName;
  /** As `--broker` and `--store` take it. Stays over restarts. */
  readonly url: string;
  readonly port: number;
  /** Its own, temporary: configuration, data, log. */
  readonly folder: string;
  /** Of the main process; 0 while there is none. */
  readonly pid: number;
  /** SIGKILL to all its processes; resolves when they are gone. Its data stay. */
  kill(): Promise<void>;
  /** Starts it again: same folder, same port. Resolves when it answers requests; throws with its log when it does not. */
  start(): Promise<void>;
  /** Kills it, throws its data away, and starts it anew on the same port. */
  empty(): Promise<void>;
  /** SIGSTOP to all its processes: the kernel still accepts connections for it, nobody answers. */
  pause(): void;
  /** SIGCONT. */
  resume(): void;
}
