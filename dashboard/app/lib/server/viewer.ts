import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import { isIP, type BlockList, type Socket } from 'node:net';

/**
 * The address of the person in front of the browser: the peer of the
 * connection, or, as far as trusted proxies vouch for it, the nearest address in
 * X-Forwarded-For that is not one of them.
 */
export function viewerAddress(peer: string, forwardedFor: string | undefined, trusted: BlockList): string {
  const chain = (forwardedFor ?? '').split(',').map((hop) => plainAddress(hop));
  let viewer = plainAddress(peer);
  while (isTrusted(viewer, trusted)) {
    const next = chain.pop();
    if (!next || isIP(next) === 0) break;
    viewer = next;
  }
  return viewer;
}

function isTrusted(address: string, trusted: BlockList): boolean {
  const version = isIP(address);
  return version !== 0 && trusted.check(address, version === 6 ? 'ipv6' : 'ipv4');
}

/** Strips what may surround an address: blanks, brackets, a port, the IPv4-in-IPv6 prefix. */
function plainAddress(text: string): string {
  const address = text
    .trim()
    .replace(/^\[(.*)\](:\d+)?$/, '$1')
    .replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1');
  return address.replace(/^::ffff:(\d+\.\d+\.\d+\.\d+)$/i, '$1');
}

/**
 * Makes X-Forwarded-For of every request that this process receives the
 * viewer's address alone. Next.js keeps whatever the browser claims there and
 * hides the connection, so the header is settled before Next.js sees it.
 */
export function settleViewerAddresses(trusted: BlockList): void {
  subscribe('http.server.request.start', (message) => {
    const { request, socket } = message as { request: IncomingMessage; socket: Socket };
    const claimed = request.headers['x-forwarded-for'];
    const chain = Array.isArray(claimed) ? claimed.join(',') : claimed;
    request.headers['x-forwarded-for'] = viewerAddress(socket.remoteAddress ?? '', chain, trusted);
  });
}
