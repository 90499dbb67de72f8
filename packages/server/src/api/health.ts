/** What load balancers, monitors and administrators ask. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Refusal } from '@hubbub/protocol/codes';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { Calls } from '../core/calls.ts';
import type { NodeStatus } from '../core/node.ts';
import { tokenOf } from './bearer.ts';
import { Problem } from './problem.ts';

export interface HealthOptions {
  readonly calls: Calls;
  /** What the node sees of itself. */
  readonly status: () => NodeStatus;
  /** The node in Prometheus' text format. */
  readonly metrics: { readonly contentType: string; read(): Promise<string> };
  /** Whether whoever asks is on this machine, and no proxy for somebody else. */
  readonly isLocal: (request: FastifyRequest) => boolean;
}

export const healthRoutes: FastifyPluginAsyncTypebox<HealthOptions> = async (app, { calls, status, metrics, isLocal }) => {
  app.get(
    '/healthz',
    { schema: { tags: ['Watching'], summary: 'Whether the process runs', response: { 200: Type.Object({ ok: Type.Literal(true) }) } } },
    async () => ({ ok: true as const }),
  );

  app.get(
    '/readyz',
    {
      schema: {
        tags: ['Watching'],
        summary:
          "Whether this node should get links: 503 for its own causes only, not for the store's or the broker's, which all nodes share",
        response: { '2xx': Ready, 503: Ready },
      },
    },
    async (_, reply) => {
      const { draining, held, degraded } = status();
      return reply.code(draining ? 503 : 200).send({ ready: !draining, draining, stale: held, degraded });
    },
  );

  app.get(
    '/v1/node',
    {
      schema: {
        tags: ['Watching'],
        summary: 'What the node holds, for who may administer, or asks on this machine',
        response: { 200: Type.Record(Type.String(), Type.Union([Type.Number(), Type.Boolean()])), default: Problem },
        security: [{ token: [] }],
      },
    },
    async (request) => {
      await mustAdminister(calls, request, isLocal);
      return { ...status() };
    },
  );

  app.get(
    '/metrics',
    {
      schema: {
        tags: ['Watching'],
        summary: 'The same and more in Prometheus’ text format',
        produces: ['text/plain'],
        response: { 200: Type.String(), default: Problem },
        security: [{ token: [] }],
      },
    },
    async (request, reply) => {
      await mustAdminister(calls, request, isLocal);
      return reply.type(metrics.contentType).send(await metrics.read());
    },
  );
};

const Ready = Type.Object({ ready: Type.Boolean(), draining: Type.Boolean(), stale: Type.Boolean(), degraded: Type.Boolean() });

/** On this machine nobody is asked who he is. Throws Refusal: `unauthorized`, `forbidden`. */
export async function mustAdminister(calls: Calls, request: FastifyRequest, isLocal: HealthOptions['isLocal']): Promise<void> {
  if (isLocal(request)) return;
  const { rights } = await calls.who(tokenOf(request));
  if (!rights.includes('admin')) throw new Refusal('forbidden', 'this is for who may administer');
}
