/**
 * A shop with routes and customers of its own, and Hubbub on its server: whoever has ordered something watches his order, live.
 *
 *     PORT=3000 DATA=./data node docs/examples/fastify.ts
 */
import { randomUUID } from 'node:crypto';
import { attach, openSqlite } from '@hubbub/server';
import { fastify } from 'fastify';

const { PORT = '3000', DATA = './data' } = process.env;

// What the shop has anyhow: its customers by the tokens that it gave them, and its orders. Yours are in your database.
const customers = new Map([
  ['token-of-alice', 'alice'],
  ['token-of-bob', 'bob'],
]);
const orders = new Map([
  ['order:1', 'alice'],
  ['order:2', 'bob'],
]);

// The shop itself sends too. Its token is made anew at each start, and never leaves this process.
const shop = randomUUID();
const userOf = (token: string): string | undefined => (token === shop ? 'shop' : customers.get(token));

const app = fastify();
const store = await openSqlite(DATA);
const hubbub = await attach(app.server, {
  store,
  identity: {
    // As many as have come in one turn, so that you can ask your database once for all of them.
    identify: async (shown) =>
      shown.map((credentials) => {
        const user = 'token' in credentials ? userOf(credentials.token) : undefined;
        return user ? { who: { user, rights: [] } } : { refused: 'unauthorized', text: 'the shop does not know this token' };
      }),
  },
  authority: {
    mayRead: async (questions) => questions.map(({ who, channel }) => (orders.get(channel) === who.user ? 'ok' : 'forbidden')),
    // The body is checked here as well, if you like: this is the only way into the log.
    admit: async (who, channel) =>
      who.user === 'shop' && orders.has(channel)
        ? { ok: true, counts: true, facts: [{ key: `customer:${orders.get(channel)}`, value: 'true' }] }
        : { ok: false, code: 'forbidden', text: 'only the shop writes here' },
    // Facts of this name say which channels are somebody's own: those are in his inbox.
    mine: ({ user }) => `customer:${user}`,
    listed: 'public',
  },
});

app.get('/', async () => 'a shop');
app.post<{ Params: { id: string } }>('/orders/:id/ship', async ({ params }) =>
  hubbub.send(shop, `order:${params.id}`, { kind: 'shipped', body: { by: 'bicycle' } }),
);

// Links are Hubbub's to end, before the server closes; the store is closed when nobody needs it any more.
app.addHook('preClose', () => hubbub.close());
app.addHook('onClose', () => store.close());
process.once('SIGTERM', () => void app.close());
console.log(`the shop is open at ${await app.listen({ port: Number(PORT) })}`);
