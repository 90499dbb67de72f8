import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/**
 * A secret kept in a file of its own, readable by its owner alone; made at the first start. `wx` makes the creation exclusive: of two
 * processes that start at once one makes it, the other reads what that one made.
 */
export function secretFile(path: string): string {
  if (!existsSync(path)) {
    try {
      writeFileSync(path, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  const secret = readFileSync(path, 'utf8').trim();
  if (secret.length < 32) throw new Error(`${path} holds no secret: remove it, and the next start makes a new one`);
  return secret;
}
