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

/** Reads what an operator has written. Throws StartError, which says what would be right. */
export function readConfig({ host, port, data }: { readonly [Name in keyof Config]: string }): Config {
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    throw new StartError(`--port ${port}: a port is a whole number from 0 (any that is free) to 65535`, 2);
  }
  if (!/^[\w.:%-]+$/.test(host)) throw new StartError(`--host ${host}: this is no address; 127.0.0.1 is one`, 2);
  return { host, port: Number(port), data: dataFolder(data) };
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
