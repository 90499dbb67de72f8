/**
 * Rooms of Socket.IO on several nodes, over its WebSocket transport alone: what is said on one goes to the others by way of Redis, whose
 * address is the argument. Prints `listening PORT`; on SIGUSR2 it tells on stderr how many messages Redis has handed it.
 */
import { createServer } from 'node:http';
import { createAdapter, RedisAdapter } from '@socket.io/redis-adapter';
import { createClient } from 'redis';
import { Server } from 'socket.io';

let heard = 0;
const { onmessage } = RedisAdapter.prototype;
RedisAdapter.prototype.onmessage = function (...message) {
  heard += 1;
  return onmessage.apply(this, message);
};
process.on('SIGUSR2', () => process.stderr.write(`counts ${JSON.stringify({ heard })}\n`));

// Without a timer for each command, as ours.
const pub = createClient({ url: process.argv[2], commandOptions: { timeout: 0 } });
const sub = pub.duplicate();
// Redis goes with the run; then there is nothing left to be done here either.
for (const client of [pub, sub]) client.on('error', (error) => console.error(String(error)));
await Promise.all([pub.connect(), sub.connect()]);

const http = createServer();
const io = new Server(http, { transports: ['websocket'], serveClient: false, adapter: createAdapter(pub, sub) });

io.on('connection', (socket) => {
  socket.on('join', (rooms, done) => Promise.resolve(socket.join(rooms)).then(done));
  socket.on('say', (room, body) => io.to(room).emit('m', body));
});
http.listen(0, '127.0.0.1', () => console.log(`listening ${http.address().port}`));
