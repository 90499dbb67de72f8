/** The commands of a link, for programs that speak HTTP (PROTOCOL, section 8). */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { ChannelsReply, Draft, FactsReply, HistoryReply, PresenceReply, SendReply, Sent } from '@hubbub/protocol/frames';
import { uuidv7 } from '@hubbub/protocol/id';
import { limits } from '@hubbub/protocol/limits';
import { Type } from 'typebox';
import type { Calls } from '../core/calls.ts';
import { tokenOf } from './bearer.ts';
import { Problem, sendResult } from './problem.ts';

export interface ApiOptions {
  readonly calls: Calls;
  /** Of the calendar, in milliseconds, and a number in [0, 1): the ids that are made here are of them. */
  readonly now: () => number;
  readonly random: () => number;
}

const Channel = Type.Object({ channel: Type.String({ maxLength: 256, description: 'such as room:general' }) });
const Position = Type.String({ maxLength: 64, description: 'OFFSET~EPOCH, or 0' });
const closed = { additionalProperties: false };
const security = [{ token: [] }];
const Single = Type.Object({ ...Draft.properties, id: Type.Optional(Draft.properties.id) }, closed);
const HistoryQuery = Type.Object(
  {
    before: Type.Optional(Position),
    after: Type.Optional(Position),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: limits.historyEvents })),
  },
  closed,
);
const ChannelsQuery = Type.Object(
  {
    of: Type.Union([Type.Literal('mine'), Type.Literal('public')]),
    next: Type.Optional(Type.String({ maxLength: 1024 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: limits.channelsPerCommand })),
  },
  closed,
);
const FactsQuery = Type.Object(
  {
    prefix: Type.Optional(Type.String({ maxLength: 256 })),
    after: Type.Optional(Position),
    about: Type.Optional(Type.String({ pattern: '^\\d{1,15}-\\d{1,15}$', description: 'FROM-TO: facts that speak of these offsets' })),
    next: Type.Optional(Type.String({ maxLength: 1024 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: limits.factsPage })),
  },
  closed,
);

/** Sign-in, sending, history and facts. */
export const channelRoutes: FastifyPluginAsyncTypebox<ApiOptions> = async (app, { calls, now, random }) => {
  app.get(
    '/v1/channels',
    {
      schema: {
        tags: ['Channels'],
        summary: 'Channels that are yours, or that everybody is told of, and where they stand',
        querystring: ChannelsQuery,
        response: { 200: ChannelsReply, default: Problem },
        security,
      },
    },
    async (request, reply) => reply.send(await calls.channels(tokenOf(request), request.query)),
  );

  app.get(
    '/v1/channels/:channel/presence',
    {
      schema: {
        tags: ['Channels'],
        summary: 'Who is there',
        description: 'As far as this node has heard. Users in the order of their names; `after` asks for those behind a name.',
        params: Channel,
        querystring: Type.Object({ after: Type.Optional(Type.String({ maxLength: 256 })) }, closed),
        response: { 200: PresenceReply, default: Problem },
        security,
      },
    },
    async (request, reply) => reply.send(await calls.presence(tokenOf(request), request.params.channel, request.query.after)),
  );

  app.post(
    '/v1/session',
    {
      schema: {
        tags: ['Channels'],
        summary: 'Come in as a guest',
        body: Type.Object({ name: Type.String({ maxLength: 256 }) }, closed),
        response: { 201: Type.Object({ user: Type.String(), token: Type.String() }), default: Problem },
      },
    },
    async ({ body }, reply) => reply.code(201).send(await calls.signIn(body.name)),
  );

  app.post(
    '/v1/channels/:channel/events',
    {
      schema: {
        tags: ['Channels'],
        summary: 'Send one event',
        description: 'With an id of yours it can be sent again, whatever became of the answer: it is in the log once.',
        params: Channel,
        body: Single,
        response: { 200: Type.Object({ epoch: Type.String(), id: Type.String(), ...Sent.properties }), default: Problem },
        security,
      },
    },
    async (request, reply) => {
      const { channel } = request.params;
      const id = request.body.id ?? uuidv7({ now, random });
      const { epoch, results } = await calls.send(tokenOf(request), { channel, events: [{ ...request.body, id }] });
      return sendResult(reply, results[0], (sent) => ({ epoch, id, ...sent }));
    },
  );

  app.post(
    '/v1/channels/:channel/events/batch',
    {
      schema: {
        tags: ['Channels'],
        summary: `Send up to ${limits.sendEvents} events, in order`,
        description: 'One result an event; the list ends after the first that failed for a passing cause, and the rest was not written.',
        params: Channel,
        body: Type.Object({ events: Type.Array(Draft, { minItems: 1, maxItems: limits.sendEvents }) }, closed),
        response: { 200: SendReply, default: Problem },
        security,
      },
    },
    async (request, reply) => reply.send(await calls.send(tokenOf(request), { channel: request.params.channel, ...request.body })),
  );

  app.get(
    '/v1/channels/:channel/events',
    {
      schema: {
        tags: ['Channels'],
        summary: 'A page of history',
        params: Channel,
        querystring: HistoryQuery,
        response: { 200: HistoryReply, default: Problem },
        security,
      },
    },
    async (request, reply) => {
      const text = await calls.history(tokenOf(request), { channel: request.params.channel, ...request.query });
      return reply
        .type('application/json')
        .serializer(String)
        .send(text as never);
    },
  );

  app.get(
    '/v1/channels/:channel/facts',
    {
      schema: {
        tags: ['Channels'],
        summary: 'What its events have made true',
        params: Channel,
        querystring: FactsQuery,
        response: { 200: FactsReply, default: Problem },
        security,
      },
    },
    async (request, reply) => {
      const { about, ...query } = request.query;
      const span = about?.split('-').map(Number);
      const text = await calls.facts(tokenOf(request), { channel: request.params.channel, ...query, ...(span && { about: span }) });
      return reply
        .type('application/json')
        .serializer(String)
        .send(text as never);
    },
  );
};
