import assert from 'node:assert/strict';
import { type Client, type ConnectOptions, type Credentials, connect } from './client.ts';
import { Clock } from './clock.fixture.ts';
import { FakeLink, welcome } from './connection.fixture.ts';

/** A client whose links are fakes. `open` brings the last one up to the reply to hello, with all that follows at once. */
export function setUpClient(credentials: Credentials, more: Pick<ConnectOptions, 'outbox'> = {}) {
  const clock = new Clock();
  const links: FakeLink[] = [];
  const client: Client = connect({
    url: 'http://server',
    credentials,
    env: clock,
    ...more,
    dial: (url, handlers) => {
      const link = new FakeLink(url, handlers);
      links.push(link);
      return link;
    },
  });
  const open = async (reply: object = {}): Promise<FakeLink> => {
    const link = links.at(-1);
    assert.ok(link);
    link.handlers.onOpen();
    link.answer({ ...welcome, ...reply });
    await clock.flush();
    return link;
  };
  return { clock, client, open, links };
}
