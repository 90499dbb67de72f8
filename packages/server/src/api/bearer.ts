import { Refusal } from '@hubbub/protocol/codes';
import type { FastifyRequest } from 'fastify';

/** The token of a request: in its header, never in its address, which is written to logs. Throws Refusal: `unauthorized`. */
export function tokenOf({ headers }: FastifyRequest): string {
  const [, token] = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '') ?? [];
  if (token === undefined) throw new Refusal('unauthorized', 'this needs a token: Authorization: Bearer …');
  return token;
}
