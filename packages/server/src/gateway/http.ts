import { existsSync } from 'node:fs';
import type { Server } from 'node:http';
import { join } from 'node:path';
import fastifyCors from '@fastify/cors';
import fastifyStatic from '@fastify/static';
import type { Code } from '@hubbub/protocol/codes';
import { limits } from '@hubbub/protocol/limits';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import type { Peers } from './peers.ts';
import { portOwner } from './port-owner.ts';
import { webSocketPath } from './websocket.ts';

export interface Http {
  readonly server: Server;
  /** Resolves with the port, which the system chooses when `port` is 0. Throws ListenError. */
  listen(host: string, port: number): Promise<number>;
  /** Resolves when every connection has ended; upgraded ones are their node's to end. */
  close(): Promise<void>;
}

/** Why it cannot listen there. `host`: there is no such address; `port`: it is taken, or not ours to take. */
export class ListenError extends Error {
  readonly about: 'host' | 'port';

  constructor(about: 'host' | 'port', text: string) {
    super(text);
    this.name = 'ListenError';
    this.about = about;
  }
}

/** What is longer is no name of anything; the framework's own bound is shorter than the longest name. */
export const longestParam = 1_024;
const noPage = 'Hubbub runs here, but its page has not been built: npm run build:web, then start again.\n';

export interface HttpParts {
  /** The folder of the built page, if there is one. Views have URLs of their own: all are the one page. */
  readonly page: string;
  readonly peers: Peers;
  /** Brings the routes for programs. */
  readonly doors?: (app: FastifyInstance) => Promise<void>;
}

/** The http server. */
export async function openHttp({ page, peers, doors }: HttpParts): Promise<Http> {
  const app = fastify({
    forceCloseConnections: true,
    // As much as a frame.
    bodyLimit: limits.frameBytes,
    // A channel's name, each of its bytes escaped once more.
    routerOptions: { maxParamLength: longestParam },
    // Any other offer (curl asks for h2c) may be ignored, and must be: the request is an ordinary one.
    http: { shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket' },
    frameworkErrors: (error, _, reply) => {
      void sendProblem(reply, { status: error.statusCode ?? 400, title: error.message });
    },
  });
  // Before anything is refused, so that a page can read why. Tokens travel in a header that pages have to ask for; no cookie is ever taken.
  if (peers.origins.length > 0) await app.register(fastifyCors, { origin: [...peers.origins], maxAge: 600 });
  app.addHook('onRequest', async (request, reply) => {
    const retryAfter = peers.take(request.raw);
    if (retryAfter === 0) return undefined;
    reply.header('retry-after', String(Math.ceil(retryAfter / 1_000)));
    return sendProblem(reply, { status: 429, title: 'Too many requests from this address', code: 'too_fast', retryAfter });
  });
  app.addHook('onSend', async (_, reply) => {
    // What people have written must not become a script by guessing, nor our page a frame of another.
    reply.headers({
      'x-content-type-options': 'nosniff',
      'content-security-policy': "frame-ancestors 'none'",
      'referrer-policy': 'no-referrer',
    });
  });
  app.setErrorHandler<Error & { statusCode?: number }>((error, _, reply) => {
    const status = error.statusCode ?? 500;
    return sendProblem(reply, { status, title: status < 500 ? error.message : 'That went wrong on our side' });
  });
  app.get(webSocketPath, (_, reply) =>
    sendProblem(reply.header('upgrade', 'websocket'), { status: 426, title: 'This is where WebSockets connect' }),
  );
  await doors?.(app);
  if (existsSync(join(page, 'index.html'))) {
    await app.register(fastifyStatic, {
      root: page,
      dotfiles: 'ignore',
      cacheControl: false,
      // Names under assets/ change with their contents.
      setHeaders: (reply, path) => {
        reply.header('cache-control', path.startsWith(join(page, 'assets/')) ? 'public, max-age=31536000, immutable' : 'no-cache');
      },
    });
    app.setNotFoundHandler((request, reply) => (isView(request) ? reply.sendFile('index.html') : notFound(reply)));
  } else {
    app.setNotFoundHandler((request, reply) => (isView(request) ? reply.type('text/plain').send(noPage) : notFound(reply)));
  }
  return {
    server: app.server,
    listen: async (host, port) => {
      try {
        await app.listen({ host, port });
      } catch (error) {
        throw listenError(error, host, port);
      }
      const address = app.server.address();
      return typeof address === 'object' && address ? address.port : port;
    },
    close: () => app.close(),
  };
}

/** Somebody opens a view. A script or a picture that is not there is not the page: an old chunk has to fail as what it is. */
function isView({ method, url, headers }: FastifyRequest): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false;
  return !url.startsWith('/v1/') && !url.startsWith('/assets/') && /text\/html|\*\/\*/.test(headers.accept ?? '*/*');
}

function notFound(reply: FastifyReply): FastifyReply {
  return sendProblem(reply, { status: 404, title: 'There is nothing here' });
}

/** RFC 9457; `code` where the protocol has one. */
function sendProblem(reply: FastifyReply, problem: { title: string; status: number; code?: Code; retryAfter?: number }): FastifyReply {
  return reply.code(problem.status).type('application/problem+json').send(problem);
}

function listenError(error: unknown, host: string, port: number): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') {
    const owner = portOwner(port);
    return new ListenError(
      'port',
      `port ${port} of ${host} is in use${owner ? ` by ${owner}` : ''}; --port takes another one, 0 any that is free`,
    );
  }
  if (code === 'EACCES') return new ListenError('port', `port ${port} may not be opened by this user; ports from 1024 on may`);
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAI_AGAIN' || code === 'EINVAL') {
    return new ListenError(
      'host',
      `--host ${host}: this machine has no such address; 127.0.0.1 is for itself alone, 0.0.0.0 for all who can reach it`,
    );
  }
  return error;
}
