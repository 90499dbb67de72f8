/** Rooms of Socket.IO, over its WebSocket transport alone: one that all are in, or those that a client asks for. Prints `listening PORT`. */
import { createServer } from 'node:http';
import { Server } from 'socket.io';

const http = createServer();
const io = new Server(http, { transports: ['websocket'], serveClient: false });

io.on('connection', (socket) => {
  const { role } = socket.handshake.query;
  if (role === 'send') socket.on('m', (body) => io.to('room').emit('m', body));
  else if (role === 'rooms') socket.on('join', (rooms, done) => Promise.resolve(socket.join(rooms)).then(done));
  else void socket.join('room');
});
http.listen(0, '127.0.0.1', () => console.log(`listening ${http.address().port}`));
