/** What `serve` can be told. */
export interface Config {
  readonly host: string;
  readonly port: number;
  /** The folder that holds the log and the secrets. */
  readonly data: string;
}

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

/** Reads a port. Throws StartError. */
export function readPort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new StartError(`--port ${text}: a port is a whole number from 0 (any that is free) to 65535`, 2);
  return port;
}
