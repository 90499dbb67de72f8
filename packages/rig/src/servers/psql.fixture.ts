import assert from 'node:assert/strict';
import { Process } from '../process.ts';

/** What PostgreSQL answers to a statement, without a frame: one row a line. */
export async function psql(port: number, statement: string, seconds = 5): Promise<string> {
  const { code, stdout, stderr } = await Process.run({
    command: 'psql',
    args: ['-X', '-A', '-t', '-q', '-v', 'ON_ERROR_STOP=1', '-h', '127.0.0.1', '-p', String(port), '-U', 'postgres', '-c', statement],
    env: { PGCONNECT_TIMEOUT: String(seconds) },
  });
  assert.equal(code, 0, stderr);
  return stdout.trim();
}
