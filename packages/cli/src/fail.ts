/** Ends a command with a sentence for people. `exitCode` 2: wrong use; 1: refused. */
export class CommandError extends Error {
  readonly exitCode: 1 | 2;

  constructor(text: string, exitCode: 1 | 2 = 1) {
    super(text);
    this.name = 'CommandError';
    this.exitCode = exitCode;
  }
}
