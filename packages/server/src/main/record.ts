import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

const patience = 1_000;

/** Where the command line finds a running server, and its process. */
export class ServerRecord {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** `embedded`: the log is in the folder, and who runs on it holds its lock. */
  write(server: { url: string; pid: number; embedded: boolean }): void {
    const next = `${this.#path}.new`;
    rmSync(next, { force: true });
    writeFileSync(next, `${JSON.stringify(server)}\n`, { mode: 0o600 });
    // Whoever reads it reads all of it.
    renameSync(next, this.#path);
  }

  /** Where the server is that wrote it, if it still answers. */
  async answers(): Promise<string | undefined> {
    try {
      const { url } = JSON.parse(readFileSync(this.#path, 'utf8')) as { url: string };
      await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(patience) });
      return url;
    } catch {
      return undefined;
    }
  }

  remove(): void {
    rmSync(this.#path, { force: true });
  }
}
