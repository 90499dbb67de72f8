import type { IncomingMessage } from 'node:http';
import { BlockList } from 'node:net';

const here = new BlockList();
here.addSubnet('127.0.0.0', 8, 'ipv4');
here.addAddress('::1', 'ipv6');

/** What a proxy says of whom it speaks for; some say one, some another. */
const handedOn = /^(forwarded|via|x-real-ip|x-client-ip|x-forwarded-.*)$/;

/**
 * Whether a link comes from this very machine, by its peer's address. A proxy on this machine speaks for whoever reached it: what it has
 * handed on is from anywhere. These headers can only take the right away, so that nobody gains by making them up.
 */
export function fromLoopback({
  headers,
  socket,
}: Pick<IncomingMessage, 'headers'> & { readonly socket: { readonly remoteAddress?: string | undefined } }): boolean {
  const address = socket.remoteAddress ?? '';
  // Version 4 in version 6's clothes (::ffff:127.0.0.1) is seen through.
  if (!here.check(address, address.includes(':') ? 'ipv6' : 'ipv4')) return false;
  return !Object.keys(headers).some((name) => handedOn.test(name));
}
