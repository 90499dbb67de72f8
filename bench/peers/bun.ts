/** A topic of Bun's own WebSocket server: `publish`, whose loop is native code. Runs under Bun; prints `listening PORT`. */
const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  fetch: (request, http) =>
    http.upgrade(request, { data: { sends: request.url.endsWith('/send') } }) ? undefined : new Response('a WebSocket is expected'),
  websocket: {
    perMessageDeflate: false,
    open: (client) => void (client.data.sends || client.subscribe('room')),
    message: (_, text) => void server.publish('room', text),
  },
});
console.log(`listening ${server.port}`);
