/**
 * A newspaper with routes and readers of its own, and Hubbub on its server: readers talk below the articles, and editors correct them.
 *
 *     PORT=3000 DATA=./data node docs/examples/express.ts
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { attach, codes, openSqlite, Refusal } from '@hubbub/server';
import express, { type ErrorRequestHandler } from 'express';

const { PORT = '3000', DATA = './data' } = process.env;

// What the newspaper has anyhow: who is who, and may do what. Yours is in your database, or in your tokens.
const people = new Map<string, { user: string; role: 'reader' | 'subscriber' | 'editor' }>([
  ['token-of-alice', { user: 'alice', role: 'subscriber' }],
  ['token-of-bob', { user: 'bob', role: 'reader' }],
  ['token-of-eve', { user: 'eve', role: 'editor' }],
]);
const roles = new Map([...people.values()].map(({ user, role }) => [user, role]));
const kinds = { reader: [], subscriber: ['comment'], editor: ['comment', 'correction'] };

const app = express();
const server = createServer(app);
const store = await openSqlite(DATA);
const hubbub = await attach(server, {
  store,
  identity: {
    identify: async (shown) =>
      shown.map((credentials) => {
        const person = 'token' in credentials ? people.get(credentials.token) : undefined;
        return person ? { who: { user: person.user, rights: [] } } : { refused: 'unauthorized', text: 'we do not know you' };
      }),
  },
  authority: {
    mayRead: async (questions) => questions.map(({ channel }) => (channel.startsWith('article:') ? 'ok' : 'forbidden')),
    admit: async ({ user }, channel, { kind }) => {
      const allowed: string[] = kinds[roles.get(user) ?? 'reader'];
      if (channel.startsWith('article:') && allowed.includes(kind)) return { ok: true, counts: kind === 'comment' };
      return { ok: false, code: 'forbidden', text: `a ${kind} is not yours to write here` };
    },
    mine: ({ user }) => `author:${user}`,
    listed: 'public',
  },
});

app.get('/', (_, response) => void response.send('a newspaper'));
// In the name of whoever asks, under the same rule as over his own link.
app.post('/articles/:name/corrections', express.json(), async ({ headers, params, body }, response) => {
  const token = headers.authorization?.replace('Bearer ', '') ?? '';
  response.json(await hubbub.send(token, `article:${params.name}`, { kind: 'correction', body }));
});
const refused: ErrorRequestHandler = (error, _, response, next) =>
  error instanceof Refusal ? void response.status(codes[error.code].status).json({ code: error.code, title: error.text }) : next(error);
app.use(refused);

// Links are Hubbub's to end, before the server closes; the store is closed when nobody needs it any more.
process.once('SIGTERM', () => void hubbub.close().then(() => server.close(() => void store.close())));
server.listen(Number(PORT), () => console.log(`the newspaper is out at http://localhost:${(server.address() as AddressInfo).port}`));
