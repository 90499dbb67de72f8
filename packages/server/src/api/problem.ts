import { type Code, codes, Refusal } from '@hubbub/protocol/codes';
import type { Failed, Sent } from '@hubbub/protocol/frames';
import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';

/** RFC 9457, with the protocol's code and, in milliseconds, when to come back. */
export const Problem = Type.Object({
  title: Type.String(),
  status: Type.Integer(),
  code: Type.Optional(Type.String()),
  retryAfter: Type.Optional(Type.Integer()),
});

export interface ProblemGiven {
  readonly status: number;
  readonly title: string;
  readonly code?: Code;
  readonly retryAfter?: number;
}

export function sendProblem(reply: FastifyReply, { status, title, code, retryAfter }: ProblemGiven): FastifyReply {
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  // The header knows whole seconds only.
  if (retryAfter !== undefined) reply.header('retry-after', String(Math.ceil(retryAfter / 1_000)));
  return reply
    .code(status)
    .type('application/problem+json')
    .send({ title, status, ...(code && { code }), ...(retryAfter !== undefined && { retryAfter }) });
}

/** The one result of a send, or why there is none. */
export function sendResult(reply: FastifyReply, result: Sent | Failed | undefined, made: (sent: Sent) => object): FastifyReply {
  if (!result) throw new Error('an event without a result');
  if (!('error' in result)) return reply.send(made(result));
  const { code, text, retryAfter } = result.error as { code: Code; text: string; retryAfter?: number };
  return sendProblem(reply, { status: codes[code].status, title: text, code, ...(retryAfter !== undefined && { retryAfter }) });
}

/** What a command refused with; anything else is a defect of ours, whose words are nobody's business. */
export function problemOf(error: unknown): ProblemGiven {
  if (error instanceof Refusal) {
    const { code, text, retryAfter } = error;
    return { status: codes[code].status, title: text, code, ...(retryAfter !== undefined && { retryAfter }) };
  }
  const { statusCode = 500, message } = error as { readonly statusCode?: number; readonly message?: string };
  if (statusCode >= 500) return { status: 500, title: 'That went wrong on our side' };
  const code = statusCode === 413 ? 'frame_too_large' : 'bad_command';
  return { status: statusCode, title: message ?? 'That is not understood', code };
}
