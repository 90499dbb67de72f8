import { rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { Process } from './process.ts';

const chunk = 256 * 1_024;
const smallest = 512;

/** A file system of a few megabytes, in memory, which can be filled to its last byte. Needs root. */
export class SmallDisk implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Mounts one on an empty folder. Throws where this may not be done. */
  static async mount(path: string, megabytes: number): Promise<SmallDisk> {
    const { code, stderr } = await Process.run({ command: 'mount', args: ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', path] });
    if (code !== 0) throw new Error(`no small disk can be mounted here: ${stderr.trim()}`);
    return new SmallDisk(path);
  }

  /** Takes all the room that is left, beside what has been taken already. Answers how many bytes that were. */
  async fill(): Promise<number> {
    const file = await open(this.#ballast, 'a');
    let taken = 0;
    try {
      for (let size = chunk; size >= smallest; ) {
        const written = await file.write(Buffer.alloc(size)).then(
          ({ bytesWritten }) => bytesWritten,
          (error: NodeJS.ErrnoException) => {
            if (error.code !== 'ENOSPC') throw error;
            return 0;
          },
        );
        taken += written;
        if (written < size) size /= 2;
      }
      return taken;
    } finally {
      await file.close();
    }
  }

  /** Gives the room back. */
  free(): void {
    rmSync(this.#ballast, { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Process.run({ command: 'umount', args: [this.path] });
  }

  get #ballast(): string {
    return join(this.path, 'ballast');
  }
}
