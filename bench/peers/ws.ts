/** The naive hub on ws: for each client, send the text. Prints `listening PORT`. */
import { WebSocketServer } from 'ws';

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
const subscribers = new Set();

server.on('connection', (client, request) => {
  if (request.url === '/send') {
    client.on('message', (data) => {
      const text = data.toString();
      for (const subscriber of subscribers) subscriber.send(text);
    });
  } else {
    subscribers.add(client);
    client.on('close', () => subscribers.delete(client));
  }
});
server.on('listening', () => console.log(`listening ${server.address().port}`));
