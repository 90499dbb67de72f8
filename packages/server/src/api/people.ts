/** What administrators do about people, for programs that speak HTTP (PROTOCOL, section 8). */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Refusal } from '@hubbub/protocol/codes';
import { uuidv7 } from '@hubbub/protocol/id';
import { isUser } from '@hubbub/protocol/names';
import { reservedUsers } from '@hubbub/protocol/people';
import { Type } from 'typebox';
import type { Calls } from '../core/calls.ts';
import { tokenOf } from './bearer.ts';
import { Problem, sendResult } from './problem.ts';

export interface PeopleOptions {
  readonly calls: Calls;
  readonly now: () => number;
  readonly random: () => number;
  /** Makes a user's token; left out: they are made elsewhere. Times by the calendar, in milliseconds. */
  readonly mint: ((user: string, times: { issuedAt: number; expiresAt?: number }) => Promise<string>) | undefined;
}

const closed = { additionalProperties: false };
const security = [{ token: [] }];
const User = Type.String({ maxLength: 256, description: 'as it is written in an event’s `from`' });
const longestToken = 10 * 365 * 86_400;

export const peopleRoutes: FastifyPluginAsyncTypebox<PeopleOptions> = async (app, { calls, now, random, mint }) => {
  app.post(
    '/v1/revocations',
    {
      schema: {
        tags: ['People'],
        summary: 'Make every token of a user void that was made by now',
        description: 'Open links of that user end within a second, on every node. By the user himself, or by who may administer.',
        body: Type.Object({ user: User }, closed),
        response: { 200: Type.Object({ epoch: Type.String(), offset: Type.Integer() }), default: Problem },
        security,
      },
    },
    async (request, reply) => {
      const { user } = request.body;
      if (!isUser(user)) throw new Refusal('bad_name', 'this is no name of a user');
      const event = { id: uuidv7({ now, random }), kind: 'revoke', body: null };
      const { epoch, results } = await calls.send(tokenOf(request), { channel: `user:${user}`, events: [event] });
      return sendResult(reply, results[0], ({ offset }) => ({ epoch, offset }));
    },
  );

  app.post(
    '/v1/tokens',
    {
      schema: {
        tags: ['People'],
        summary: 'Make a token for a user, for who may administer',
        body: Type.Object(
          { user: User, expiresIn: Type.Optional(Type.Integer({ minimum: 1, maximum: longestToken, description: 'seconds' })) },
          closed,
        ),
        response: { 201: Type.Object({ user: Type.String(), token: Type.String() }), default: Problem },
        security,
      },
    },
    async (request, reply) => {
      const { user, expiresIn } = request.body;
      const { rights } = await calls.who(tokenOf(request));
      if (!rights.includes('admin')) throw new Refusal('forbidden', 'this is for who may administer');
      if (!isUser(user) || reservedUsers.has(user)) throw new Refusal('bad_name', 'this is no name of a user');
      if (!mint) throw new Refusal('not_supported', 'tokens are made elsewhere: this server only checks them');
      const issuedAt = now();
      const token = await mint(user, { issuedAt, ...(expiresIn !== undefined && { expiresAt: issuedAt + expiresIn * 1_000 }) });
      return reply.code(201).send({ user, token });
    },
  );
};
