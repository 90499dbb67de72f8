/** The doors for programs that speak HTTP: every route, right and wrong, on a real server; each answer is checked against its description. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { connect } from '@hubbub/client';
import { codes } from '@hubbub/protocol/codes';
import { Compile } from 'typebox/compile';
import { RawLink } from './raw-link.ts';
import { adminToken, type RunningServer, Stage } from './server-rig.ts';

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly headers: Headers;
}

type Described = Record<string, Record<string, { responses: Record<string, { content?: Record<string, { schema: object }> }> }>>;

describe('HTTP', () => {
  const stage = new Stage();
  let server: RunningServer;
  let paths: Described;
  let ann: string;
  const id = '0198c0de-0000-7000-8000-000000000001';
  const events = '/v1/channels/room:api/events';

  before(async () => {
    server = await stage.serve(stage.folder());
    paths = ((await (await fetch(`${server.url}/openapi.json`)).json()) as { paths: Described }).paths;
    ann = String((await ask('POST', '/v1/session', { body: { name: 'Ann' } })).body['token']);
    for (const room of ['room:api', 'room:heard', 'room:metrics']) {
      const made = await ask('POST', `/v1/channels/${room}/events`, { token: ann, body: { kind: 'create', body: null } });
      assert.equal(made.body['offset'], 1);
    }
  });
  after(() => stage[Symbol.asyncDispose]());

  /** Asks, and checks the answer against the description of its route. */
  async function ask(
    method: string,
    path: string,
    given: { body?: unknown; text?: string; token?: string; headers?: Record<string, string> } = {},
  ): Promise<Answer> {
    const text = given.text ?? (given.body === undefined ? undefined : JSON.stringify(given.body));
    const answer = await fetch(server.url + path, {
      method,
      headers: {
        ...(text !== undefined && { 'content-type': 'application/json' }),
        ...(given.token !== undefined && { authorization: `Bearer ${given.token}` }),
        ...given.headers,
      },
      ...(text !== undefined && { body: text }),
    });
    const body = (await answer.json()) as Record<string, unknown>;
    const [route = ''] = path.split('?');
    const described = paths?.[route.replace(/\/channels\/[^/]+/, '/channels/{channel}')]?.[method.toLowerCase()]?.responses;
    if (described) {
      const { status } = answer;
      const response = described[String(status)] ?? described[`${Math.floor(status / 100)}XX`] ?? described['default'];
      assert.ok(response, `${method} ${path}: ${status} is not described`);
      const schema = Object.values(response.content ?? {})[0]?.schema ?? {};
      assert.ok(Compile(schema).Check(body), `${method} ${path}: ${JSON.stringify(body)} is not what is described`);
    } else if (paths) assert.equal(answer.status, 404, `${method} ${path} is not described`);
    if (answer.status >= 400) assert.match(answer.headers.get('content-type') ?? '', /application\/problem\+json/);
    return { status: answer.status, body, headers: answer.headers };
  }

  it('P71 P72 lets a guest in, and what he sends is where links read it', async () => {
    const { user } = (await ask('POST', '/v1/session', { body: { name: 'Zoë' } })).body;
    assert.match(String(user), /^Zo%C3%AB\.[a-z2-7]{5}$/);
    const client = connect({ url: server.url, credentials: { token: ann } });
    const heard = Promise.withResolvers<unknown>();
    client.subscribe('room:heard', {
      position: '0',
      onEvents: (events) => {
        const said = events.find(({ kind }) => kind === 'message');
        if (said) heard.resolve(said.body);
      },
    });
    const sent = await ask('POST', '/v1/channels/room:heard/events', { token: ann, body: { kind: 'message', body: { text: 'by HTTP' } } });
    assert.equal(sent.status, 200);
    assert.equal(sent.body['offset'], 2);
    assert.deepEqual(await heard.promise, { text: 'by HTTP' });
    client.close();
  });

  it('I6 P72 P73 puts an id into the log once, whichever way it comes', async () => {
    const draft = { id, kind: 'message', body: 1 };
    const first = await ask('POST', events, { token: ann, body: draft });
    const again = await ask('POST', events, { token: ann, body: draft });
    assert.deepEqual([again.body['offset'], again.body['duplicate']], [first.body['offset'], true]);
    const batch = await ask('POST', `${events}/batch`, {
      token: ann,
      body: { events: [draft, { ...draft, body: 2 }, { ...draft, id: id.replace(/1$/, '2') }] },
    });
    const results = batch.body['results'] as { offset?: number; duplicate?: boolean; error?: { code: string } }[];
    assert.deepEqual(
      results.map(({ offset, duplicate, error }) => [offset, duplicate, error?.code]),
      [
        [2, true, undefined],
        [undefined, undefined, 'id_conflict'],
        [3, undefined, undefined],
      ],
    );
  });

  it('P74 gives history in the bytes of the log, and facts', async () => {
    const page = await ask('GET', `${events}?limit=1`, { token: ann });
    assert.deepEqual(
      (page.body['events'] as { offset: number }[]).map(({ offset }) => offset),
      [3],
    );
    const before = await ask('GET', `${events}?before=3~${page.body['epoch']}`, { token: ann });
    assert.equal((before.body['events'] as unknown[]).length, 2);
    using link = await RawLink.open(server.url, { token: ann });
    await link.ask('subscribe', { to: [{ channel: 'room:api', position: '0' }] });
    await link.until(({ events }) => (events as { offset: number }[] | undefined)?.at(-1)?.offset === 3);
    const pushed = link.heard.flatMap(({ push, events }) => (push === 'events' ? (events as unknown[]) : []));
    const all = await ask('GET', `${events}?after=0`, { token: ann });
    assert.deepEqual(all.body['events'], pushed);
    const facts = async (query: string): Promise<string[]> => {
      const answer = await ask('GET', `/v1/channels/room:api/facts${query}`, { token: ann });
      return (answer.body['facts'] as { key: string }[]).map(({ key }) => key.replace(/\..*/, ''));
    };
    assert.deepEqual(await facts('?prefix=member:'), ['member:Ann']);
    for (const query of ['', '?after=0', '?limit=5']) assert.deepEqual(await facts(query), ['member:Ann', 'public']);
    assert.deepEqual(await facts('?about=1-9'), []);
  });

  it('P83 lists channels, and who is there', async () => {
    const channels = async (query: string): Promise<unknown[]> => {
      const answer = await ask('GET', `/v1/channels?${query}`, { token: ann });
      return (answer.body['channels'] as { channel: string }[]).map(({ channel }) => channel);
    };
    assert.deepEqual(await channels('of=mine'), ['room:api', 'room:heard', 'room:metrics']);
    assert.deepEqual(await channels('of=public'), ['room:api', 'room:general', 'room:heard', 'room:metrics']);
    const first = await ask('GET', '/v1/channels?of=public&limit=3', { token: ann });
    assert.equal((first.body['channels'] as unknown[]).length, 3);
    const next = encodeURIComponent(String(first.body['next']));
    assert.deepEqual(await channels(`of=public&limit=3&next=${next}`), ['room:metrics']);

    using link = await RawLink.open(server.url, { token: ann });
    await link.ask('subscribe', { to: [{ channel: 'room:general' }] });
    const there = await ask('GET', '/v1/channels/room:general/presence', { token: ann });
    assert.equal(there.body['count'], 1);
    assert.equal((there.body['sample'] as { user: string }[])[0]?.user.slice(0, 4), 'Ann.');
    assert.equal((await ask('GET', '/v1/channels/room:none/presence', { token: ann })).body['code'], 'forbidden');
  });

  it('P84 makes tokens, and makes them void', async () => {
    const administrator = adminToken(server);
    const made = await ask('POST', '/v1/tokens', { token: administrator, body: { user: 'bob', expiresIn: 60 } });
    assert.equal(made.status, 201);
    const bob = String(made.body['token']);
    using link = await RawLink.open(server.url, { token: bob });
    const revoked = await ask('POST', '/v1/revocations', { token: bob, body: { user: 'bob' } });
    assert.equal(revoked.status, 200);
    assert.equal(await link.closed, '4401 unauthorized');
    assert.equal((await ask('GET', events, { token: bob })).body['code'], 'unauthorized');
    assert.equal((await ask('POST', '/v1/tokens', { token: ann, body: { user: 'bob' } })).body['code'], 'forbidden');
    assert.equal((await ask('POST', '/v1/revocations', { token: ann, body: { user: 'bob' } })).body['code'], 'forbidden');
    assert.equal((await ask('POST', '/v1/revocations', { token: administrator, body: { user: 'no user' } })).body['code'], 'bad_name');
    assert.equal((await ask('POST', '/v1/tokens', { token: administrator, body: { user: 'no user' } })).body['code'], 'bad_name');
  });

  it('describes all of it where people can read it', async () => {
    const page = await fetch(`${server.url}/docs`);
    assert.equal(page.status, 200);
    assert.match(await page.text(), /swagger/i);
    const script = await fetch(`${server.url}/docs/static/swagger-initializer.js`);
    assert.equal(script.status, 200);
  });

  it('P75 P76 says how it is', async () => {
    assert.deepEqual((await ask('GET', '/healthz')).body, { ok: true });
    assert.deepEqual((await ask('GET', '/readyz')).body, { ready: true, draining: false, stale: false, degraded: false });
    assert.equal((await ask('GET', '/v1/node')).body['draining'], false);
    using link = await RawLink.open(server.url, { token: ann });
    await link.ask('subscribe', { to: [{ channel: 'room:metrics' }] });
    const metrics = await fetch(`${server.url}/metrics`);
    assert.match(metrics.headers.get('content-type') ?? '', /^text\/plain/);
    const text = await metrics.text();
    assert.match(text, /^hubbub_links 1$/m);
    assert.match(text, /^hubbub_held 0$/m);
    assert.match(text, /^hubbub_branches_total\{branch="[a-z_]+"\} [1-9]/m);
    assert.match(text, /^process_cpu_seconds_total /m);
    // What a proxy has handed on is from anywhere.
    const proxied = { 'x-forwarded-for': '10.0.0.1' };
    assert.equal((await ask('GET', '/v1/node', { headers: proxied })).body['code'], 'unauthorized');
    assert.equal((await ask('GET', '/v1/node', { headers: proxied, token: ann })).body['code'], 'forbidden');
    assert.equal((await ask('GET', '/metrics', { headers: proxied, token: ann })).body['code'], 'forbidden');
    assert.equal((await ask('GET', '/metrics', { headers: proxied })).body['code'], 'unauthorized');
    assert.equal((await ask('GET', '/v1/node', { headers: proxied, token: adminToken(server) })).status, 200);
  });

  const deep = `${'['.repeat(18)}${']'.repeat(18)}`;
  const big = JSON.stringify('x'.repeat(16_384));
  const body = (text: string): string => `{"kind":"message","body":${text}}`;
  const wrong: readonly (readonly [what: string, method: string, path: string, text: string | undefined, code: string, token?: string])[] =
    [
      ['no JSON', 'POST', events, '{"kind":', 'bad_command'],
      ['a key __proto__', 'POST', events, '{"__proto__":{},"kind":"message","body":1}', 'bad_command'],
      ['a __proto__ inside', 'POST', events, body('{"a":{"__proto__":1}}'), 'bad_command'],
      ['another type', 'POST', events, '{"kind":5,"body":1}', 'bad_command'],
      ['a member too many', 'POST', events, '{"kind":"message","body":1,"extra":1}', 'bad_command'],
      ['nothing', 'POST', events, '{}', 'bad_command'],
      ['a list', 'POST', events, '[]', 'bad_command'],
      ['no kind of a kind', 'POST', events, '{"kind":"Nope!","body":1}', 'bad_kind'],
      ['no id', 'POST', events, '{"kind":"message","body":1,"id":"x"}', 'bad_id'],
      ['a body too deep', 'POST', events, body(deep), 'bad_body'],
      ['a body too large', 'POST', events, body(big), 'too_large'],
      ['a request too large', 'POST', events, body(JSON.stringify('x'.repeat(262_144))), 'frame_too_large'],
      ['somebody else', 'POST', events, '{"kind":"message","body":1,"from":"ben"}', 'forbidden'],
      ['no channel of this kind', 'POST', '/v1/channels/user:ann/events', body('1'), 'forbidden'],
      ['no name of a channel', 'POST', '/v1/channels/ROOM/events', body('1'), 'bad_channel'],
      ['65 events', 'POST', `${events}/batch`, JSON.stringify({ events: Array(65).fill({ id, kind: 'message', body: 1 }) }), 'bad_command'],
      ['no events', 'POST', `${events}/batch`, '{"events":[]}', 'bad_command'],
      ['no limit', 'GET', `${events}?limit=0`, undefined, 'bad_command'],
      ['a limit above', 'GET', `${events}?limit=129`, undefined, 'bad_command'],
      ['a limit that is no number', 'GET', `${events}?limit=many`, undefined, 'bad_command'],
      ['an unknown query', 'GET', `${events}?befor=1`, undefined, 'bad_command'],
      ['no position', 'GET', `${events}?before=7`, undefined, 'bad_position'],
      ['another history', 'GET', `${events}?before=7~other`, undefined, 'bad_position'],
      ['both sides', 'GET', `${events}?before=0&after=0`, undefined, 'bad_command'],
      ['facts of no span', 'GET', '/v1/channels/room:api/facts?about=1', undefined, 'bad_command'],
      ['history of what is not there', 'GET', '/v1/channels/user:ann/events', undefined, 'forbidden'],
      ['facts of what is not there', 'GET', '/v1/channels/sys:keys/facts', undefined, 'forbidden'],
      ['no token', 'POST', events, body('1'), 'unauthorized', ''],
      ['a token of another', 'GET', events, undefined, 'unauthorized', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.AAAA'],
      ['a token without a signature', 'GET', events, undefined, 'unauthorized', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm4ifQ.'],
      ['a name that cannot be', 'POST', '/v1/session', '{"name":""}', 'bad_name'],
      ['no name', 'POST', '/v1/session', '{}', 'bad_command'],
    ];
  for (const [what, method, path, text, code, token] of wrong) {
    it(`P70 refuses ${what}: ${code}`, async () => {
      const answer = await ask(method, path, { token: token ?? ann, ...(text !== undefined && { text }) });
      assert.equal(answer.body['code'], code, JSON.stringify(answer.body));
      assert.equal(answer.status, codes[code as keyof typeof codes].status);
      assert.equal(answer.body['status'], answer.status);
      if (answer.status === 401) assert.equal(answer.headers.get('www-authenticate'), 'Bearer');
    });
  }

  it('says of what is not there that it is not, as a problem', async () => {
    for (const [method, path] of [
      ['GET', '/v1/nothing'],
      ['DELETE', events],
      ['POST', '/healthz'],
    ] as const)
      assert.equal((await ask(method, path, { token: ann })).status, 404);
  });

  it('has written nothing of what it refused', async () => {
    assert.equal((await ask('GET', events, { token: ann })).body['head'], 3);
  });
});
