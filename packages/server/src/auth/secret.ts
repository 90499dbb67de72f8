import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

/** A file that should hold a secret holds something else. */
export class SecretError extends Error {
  constructor(path: string) {
    super(`${path} holds no secret: remove it, and the next start makes a new one`);
    this.name = 'SecretError';
  }
}

/**
 * A secret kept in a file of its own, readable by its owner alone; made at the first start. The folder belongs to one server at a time,
 * so nobody else makes it meanwhile; it is written aside, so that a crash leaves no half of one. Throws SecretError.
 */
export function secretFile(path: string): string {
  if (!existsSync(path)) {
    writeFileSync(`${path}.new`, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }
  // A copy that came back from a backup may have been made by looser hands.
  chmodSync(path, 0o600);
  const secret = readFileSync(path, 'utf8').trim();
  if (secret.length < 32) throw new SecretError(path);
  return secret;
}
