import assert from 'node:assert/strict';
import type { HelloReply, Push } from '@hubbub/protocol/frames';
import { Clock } from './clock.fixture.ts';
import { Connection } from './connection.ts';
import { HubbubError } from './error.ts';
import type { LinkHandlers } from './link.ts';

interface Said {
  readonly req: number;
  readonly cmd: string;
}

/** One dialled link: what was said on it, and the server's end of it. */
export class FakeLink {
  readonly said: Said[] = [];
  readonly url: string;
  readonly handlers: LinkHandlers;
  closed = false;

  constructor(url: string, handlers: LinkHandlers) {
    this.url = url;
    this.handlers = handlers;
  }

  send(text: string): void {
    assert.ok(!this.closed, 'nothing is said on a link that was closed');
    this.said.push(JSON.parse(text) as Said);
  }

  close(): void {
    this.closed = true;
  }

  hear(frame: object): void {
    this.handlers.onFrame(JSON.stringify(frame));
  }

  answer(members: object, at = this.said.length - 1): void {
    this.hear({ res: this.said[at]?.req, ...members });
  }
}

export const health = { push: 'health', stale: false, degraded: false };
export const welcome = { user: 'ann.abcde', node: 'n1', build: 'b', limits: {} };

/** A connection whose links are fakes. `link` is the last one, `open` brings it up to the reply to hello. */
export function setUp(onState: (phase: string, connection: Connection) => void = () => {}) {
  const clock = new Clock();
  const links: FakeLink[] = [];
  const log: string[] = [];
  const pushes: Push[] = [];
  const welcomes: HelloReply[] = [];
  const connection: Connection = new Connection({
    env: clock,
    url: 'http://server',
    dial: (url, handlers) => {
      const link = new FakeLink(url, handlers);
      links.push(link);
      return link;
    },
    hello: () => ({ protocol: 1, session: 's', name: 'ann' }),
    onState: ({ phase }) => {
      log.push(phase);
      onState(phase, connection);
    },
    onMoved: () => void log.push('moved'),
    onWelcome: (reply) => void welcomes.push(reply),
    onPush: (push) => void pushes.push(push),
  });
  connection.start();
  const link = (): FakeLink => links.at(-1) as FakeLink;
  const open = (): FakeLink => {
    link().handlers.onOpen();
    link().answer(welcome);
    return link();
  };
  return { clock, links, link, open, log, pushes, welcomes, connection };
}

export const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'resolved',
    (error: unknown) => (error instanceof HubbubError ? error.code : 'another error'),
  );
