import { JwtKeyError } from '../auth/jwt.ts';
import { SecretError } from '../auth/secret.ts';
import { StartError } from '../config.ts';
import { ListenError } from '../gateway/http.ts';
import { PostgresOpenError } from '../store/postgres/errors.ts';
import { SqliteOpenError } from '../store/sqlite/open.ts';
import { StoreError } from '../store/store.ts';

/** What an operator can do something about, in his words; any other error is a defect of ours, and stays what it is. */
export function startError(error: unknown): unknown {
  if (error instanceof SqliteOpenError || error instanceof SecretError) return new StartError(error.message);
  // The URL has a password in it.
  if (error instanceof PostgresOpenError) return new StartError(`--store postgres://…: ${error.message}`);
  if (error instanceof StoreError) return new StartError(`the store does not answer: ${error.message}`);
  if (error instanceof JwtKeyError) return new StartError(error.message, 2);
  if (error instanceof ListenError) return new StartError(error.message, error.about === 'host' ? 2 : 1);
  // What the system says of a file: no defect of ours, and its message names the file.
  if (error instanceof Error && 'code' in error && 'path' in error) return new StartError(error.message);
  return error;
}
