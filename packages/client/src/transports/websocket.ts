import type { Link, LinkHandlers } from '../link.ts';

/** Dials the server's WebSocket. `url` may begin with http(s) or ws(s); its path is kept as prefix. */
export function dialWebSocket(url: string, handlers: LinkHandlers): Link {
  const target = new URL(url);
  target.protocol = target.protocol.replace('http', 'ws');
  target.pathname = `${target.pathname.replace(/\/$/, '')}/v1/ws`;
  const socket = new WebSocket(target);
  let closed = false;
  socket.onopen = () => handlers.onOpen();
  socket.onmessage = ({ data }) => handlers.onFrame(String(data));
  socket.onclose = ({ code, reason }) => {
    if (!closed) handlers.onClose(code, reason);
    closed = true;
  };
  return {
    send: (text) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
    },
    close: () => {
      closed = true;
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    },
  };
}
