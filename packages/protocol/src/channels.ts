/** Frames of what looks for channels (PROTOCOL, "channels"). */
import { type Static, Type } from 'typebox';
import { closed, request } from './command.ts';
import { limits } from './limits.ts';

export const ChannelsCommand = Type.Object(
  {
    ...request,
    cmd: Type.Literal('channels'),
    of: Type.Union([Type.Literal('mine'), Type.Literal('public')]),
    next: Type.Optional(Type.String({ maxLength: 1024 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: limits.channelsPerCommand })),
  },
  closed,
);

export const ChannelsReply = Type.Object({
  epoch: Type.String(),
  channels: Type.Array(Type.Object({ channel: Type.String(), head: Type.Integer(), n: Type.Integer() })),
  next: Type.Optional(Type.String()),
});

export type ChannelsCommand = Static<typeof ChannelsCommand>;
export type ChannelsReply = Static<typeof ChannelsReply>;
