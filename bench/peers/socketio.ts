/** A room of Socket.IO, over its WebSocket transport alone. Prints `listening PORT`. */
import { createServer } from 'node:http';
import { Server } from 'socket.io';

const http = createServer();
const io = new Server(http, { transports: ['websocket'], serveClient: false });

io.on('connection', (socket) => {
  if (socket.handshake.query['role'] === 'send') socket.on('m', (body) => io.to('room').emit('m', body));
  else void socket.join('room');
});
http.listen(0, '127.0.0.1', () => console.log(`listening ${http.address().port}`));
