/**
 * The naive hub on ws that loses nothing: it appends each event to the store that Hubbub uses, in a commit of its own, and when that is
 * synced sends the text to each client. The store applies appends and answers them in the order in which they were called, so the order
 * stays; nothing is gathered. Takes the store's folder; prints `listening PORT`.
 */
import { uuidv7 } from '@hubbub/protocol/id';
import { openSqlite } from '@hubbub/server/store/sqlite/open';
import { WebSocketServer } from 'ws';

const store = await openSqlite(process.argv[2]);
const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
const subscribers = new Set();

async function publish(body) {
  const id = uuidv7({ now: Date.now, random: Math.random });
  const { outcomes } = await store.append([{ channel: 'room:bench', id, from: 'bench', kind: 'message', body, counts: true }]);
  if (outcomes[0].status !== 'committed') throw new Error(`not committed: ${JSON.stringify(outcomes)}`);
  for (const subscriber of subscribers) subscriber.send(body);
}

server.on('connection', (client, request) => {
  if (request.url === '/send') {
    // What fails ends the process: events after it would come out of order.
    client.on('message', (data) => void publish(data.toString()));
  } else {
    subscribers.add(client);
    client.on('close', () => subscribers.delete(client));
  }
});
server.on('listening', () => console.log(`listening ${server.address().port}`));
