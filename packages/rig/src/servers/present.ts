import { env, platform } from 'node:process';
import { find } from './programs.ts';
import type { ServerName } from './server.ts';

const needs: Record<ServerName, readonly string[]> = {
  redis: ['redis-server'],
  nats: ['nats-server'],
  rabbitmq: ['rabbitmq-server', 'epmd'],
  kafka: ['java', 'kafka'],
  postgres: ['postgres', 'initdb'],
  rethinkdb: ['rethinkdb'],
  haproxy: ['haproxy'],
  nginx: ['nginx'],
};

/**
 * What this machine lacks of these servers, in words (`no redis-server on this machine`), or false when all are there. For
 * `describe('…', { skip: absent('redis') }, …)`. With CI=true it throws: there, nothing may go untested. RethinkDB alone may be absent
 * even there, for no package of it is to be had.
 */
export function absent(...names: readonly ServerName[]): string | false {
  const missing = names.flatMap((name) => needs[name].filter((program) => find(program) === undefined));
  if (missing.length === 0 && platform === 'linux') return false;
  const text = `no ${missing.length === 0 ? '/proc' : [...new Set(missing)].join(', no ')} on this machine`;
  if (env['CI'] === 'true' && missing.some((program) => program !== 'rethinkdb')) throw new Error(`${text}: scripts/services.sh brings it`);
  return text;
}
