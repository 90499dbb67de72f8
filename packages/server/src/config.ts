/** What `serve` can be told. */
export interface Config {
  readonly host: string;
  readonly port: number;
  /** The folder that holds the log and the secrets. */
  readonly data: string;
  /** For how long links work on when the server is told to end, while their clients move over to other nodes. Milliseconds. */
  readonly drainMs: number;
}

/** The same as an operator writes it. */
export interface Given {
  readonly host: string;
  readonly port: string;
  readonly data: string;
  /** Seconds. */
  readonly drain: string;
}

const longestDrain = 3_600;

/** What is wrong with the configuration, or with the place: said to the operator as it is, without a stack. */
export class StartError extends Error {
  /** 2: wrong use; 1: refused. */
  readonly exitCode: 1 | 2;

  constructor(text: string, exitCode: 1 | 2 = 1) {
    super(text);
    this.name = 'StartError';
    this.exitCode = exitCode;
  }
}

/** Reads what an operator has written. Throws StartError, which says what would be right. */
export function readConfig({ host, port, data, drain }: Given): Config {
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    throw new StartError(`--port ${port}: a port is a whole number from 0 (any that is free) to 65535`, 2);
  }
  if (!/^[\w.:%-]+$/.test(host)) throw new StartError(`--host ${host}: this is no address; 127.0.0.1 is one`, 2);
  if (!/^\d{1,4}$/.test(drain) || Number(drain) > longestDrain) {
    throw new StartError(`--drain ${drain}: whole seconds, from 0 (at once) to ${longestDrain}`, 2);
  }
  return { host, port: Number(port), data: dataFolder(data), drainMs: Number(drain) * 1_000 };
}

/** An empty name would mean wherever one happens to be. Throws StartError. */
export function dataFolder(data: string): string {
  if (data === '') throw new StartError('--data: the name of a folder, such as ./data', 2);
  return data;
}

/** Whether only programs on this machine can reach a server that listens there. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}
