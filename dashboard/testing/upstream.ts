import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  body: string;
}

export interface Reply {
  status?: number;
  headers?: Record<string, string>;
  body: unknown;
}

/** A server on a free loopback port that answers as configured and records what it was sent. */
export async function startUpstream() {
  const received: Received[] = [];
  const upstream = {
    received,
    reply: ((): Reply => ({ body: {} })) as (request: Received) => Reply,
    url: '',
    stop: () => new Promise((stopped) => server.close(stopped)),
  };
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      const one = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body };
      received.push(one);
      const reply = upstream.reply(one);
      response.writeHead(reply.status ?? 200, { 'Content-Type': 'application/json', Connection: 'close', ...reply.headers });
      response.end(typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body));
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  upstream.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return upstream;
}

/** A refusal in the shape of the contract. */
export function refusal(status: number, code: string, more: Record<string, unknown> = {}): unknown {
  return { error: { code, message: `because of ${code}`, status, request_id: 'req-1', ...more } };
}
