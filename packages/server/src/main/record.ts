import { renameSync, rmSync, writeFileSync } from 'node:fs';

/** Where the command line finds a running server, and its process. */
export class ServerRecord {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  write(server: { url: string; pid: number }): void {
    const next = `${this.#path}.new`;
    rmSync(next, { force: true });
    writeFileSync(next, `${JSON.stringify(server)}\n`, { mode: 0o600 });
    // Whoever reads it reads all of it.
    renameSync(next, this.#path);
  }

  remove(): void {
    rmSync(this.#path, { force: true });
  }
}
