/**
 * A node of a chat as the documentation of Socket.IO has it ("Using multiple nodes", "Redis adapter", "Delivery guarantees"): who comes in
 * joins the rooms that he names; what he says goes to all in the room and is acknowledged. Arguments: the address of Redis, the port to
 * listen on (0: any). Prints `listening PORT`.
 */
import { createServer } from 'node:http';
import { createAdapter } from '@socket.io/redis-adapter';
import { createClient } from 'redis';
import { Server } from 'socket.io';

const [url, port = '0'] = process.argv.slice(2);
const pub = createClient({ url });
const sub = pub.duplicate();
for (const client of [pub, sub]) client.on('error', (error) => console.error(String(error)));
// The adapter waits for no publish: where Redis goes, those that were under way fail with nobody to hear of it, and Node would end the
// process. It goes on.
process.on('unhandledRejection', (error) => console.error(`unhandled: ${String(error)}`));
await Promise.all([pub.connect(), sub.connect()]);

// What a balancer asks whether there is a node.
const http = createServer((request, response) => response.writeHead(request.url === '/readyz' ? 200 : 404).end());
const io = new Server(http, {
  // Without long polling no client has to be brought to the same node again.
  transports: ['websocket'],
  serveClient: false,
  path: '/v1/ws',
  addTrailingSlash: false,
  adapter: createAdapter(pub, sub),
});

io.on('connection', (socket) => {
  void socket.join(socket.handshake.auth.rooms);
  socket.on('message', (room, body, done) => {
    io.to(room).emit('message', room, body);
    done();
  });
});
http.listen(Number(port), '127.0.0.1', () => console.log(`listening ${http.address().port}`));
