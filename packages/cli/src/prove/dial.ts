import { connect as connectTcp, isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Dial } from '@hubbub/client';
import { WebSocket } from 'ws';

/**
 * Dials a server as the SDK does, by its own name, so that a balancer and a certificate know it, but over a connection that goes through a
 * port of this machine: what stands there sees bytes, encrypted where they are. The platform's WebSocket goes where its URL says.
 */
export function dialThrough(port: number): Dial {
  return (url, handlers) => {
    const target = new URL(url);
    target.protocol = target.protocol.replace('http', 'ws');
    target.pathname = `${target.pathname.replace(/\/$/, '')}/v1/ws`;
    const host = target.hostname.replace(/^\[|\]$/g, '');
    const socket = new WebSocket(target, {
      perMessageDeflate: false,
      createConnection: () => {
        const way = connectTcp({ host: '127.0.0.1', port });
        if (target.protocol !== 'wss:') return way;
        return connectTls({ socket: way, host, ...(isIP(host) === 0 && { servername: host }), ALPNProtocols: ['http/1.1'] });
      },
    });
    let closed = false;
    socket.on('open', () => !closed && handlers.onOpen());
    socket.on('message', (data: Buffer) => !closed && handlers.onFrame(data.toString('utf8')));
    // It is closed after that.
    socket.on('error', () => {});
    socket.on('close', (code, reason) => {
      if (!closed) handlers.onClose(code, reason.toString('utf8'));
      closed = true;
    });
    return {
      send: (text) => {
        if (socket.readyState === WebSocket.OPEN) socket.send(text);
      },
      close: () => {
        closed = true;
        socket.close();
      },
    };
  };
}
