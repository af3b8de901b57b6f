import { createHash, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export const client = { id: 'codexible', secret: 'a-secret-of-the-client' };

const hourSeconds = 3600;

/** An OpenID Connect provider on a free loopback port, where whoever comes is the person of `signsIn`, or says no. */
export async function startProvider() {
  const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const asked = new Map<string, URLSearchParams>();
  const provider = {
    url: '',
    person: { sub: 'person-1', email: 'person@example.com', email_verified: true } as Record<string, unknown>,
    stop: () => new Promise((stopped) => server.close(stopped)),
  };

  const idToken = (nonce: string | null): string => {
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: provider.url, aud: client.id, iat: now, exp: now + hourSeconds, nonce, ...provider.person };
    const text = [{ alg: 'RS256', kid: '1' }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
    return `${text}.${sign('RSA-SHA256', Buffer.from(text), keys.privateKey).toString('base64url')}`;
  };

  const authorize = (query: URLSearchParams, response: ServerResponse) => {
    const code = randomUUID();
    asked.set(code, query);
    const back = (more: Record<string, string>) => {
      const address = `${query.get('redirect_uri')}?${new URLSearchParams({ ...more, state: query.get('state') ?? '', iss: provider.url }).toString()}`;
      return address.replace(/&/g, '&amp;');
    };
    response.setHeader('Content-Type', 'text/html; charset=utf-8');
    response.end(
      `<!DOCTYPE html><html lang="en"><link rel="icon" href="data:,"><title>Provider</title><h1>The provider</h1><a href="${back({ code })}">Allow</a> <a href="${back({ error: 'access_denied' })}">Refuse</a></html>`,
    );
  };

  const exchange = async (request: IncomingMessage, response: ServerResponse) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const form = new URLSearchParams(body);
    const query = asked.get(form.get('code') ?? '');
    asked.delete(form.get('code') ?? '');
    const challenge = createHash('sha256').update(form.get('code_verifier') ?? '').digest('base64url');
    const isClient = request.headers.authorization === `Basic ${Buffer.from(`${client.id}:${client.secret}`).toString('base64')}`;
    if (!query || !isClient || query.get('code_challenge') !== challenge || query.get('redirect_uri') !== form.get('redirect_uri')) {
      json(response, 400, { error: 'invalid_grant' });
      return;
    }
    json(response, 200, { access_token: 'an access token', token_type: 'Bearer', id_token: idToken(query.get('nonce')) });
  };

  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', provider.url);
    if (pathname === '/.well-known/openid-configuration') {
      const at = (path: string) => provider.url + path;
      json(response, 200, {
        issuer: provider.url,
        authorization_endpoint: at('/authorize'),
        token_endpoint: at('/token'),
        jwks_uri: at('/keys'),
        userinfo_endpoint: at('/userinfo'),
        id_token_signing_alg_values_supported: ['RS256'],
        response_types_supported: ['code'],
        scopes_supported: ['openid', 'email', 'profile'],
      });
    } else if (pathname === '/keys') json(response, 200, { keys: [{ ...keys.publicKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig', kid: '1' }] });
    else if (pathname === '/authorize') authorize(searchParams, response);
    else if (pathname === '/token') void exchange(request, response);
    else if (pathname === '/userinfo') json(response, 200, provider.person);
    else json(response, 404, {});
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  provider.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return provider;
}

function json(response: ServerResponse, status: number, body: unknown) {
  response.writeHead(status, { 'Content-Type': 'application/json', Connection: 'close' });
  response.end(JSON.stringify(body));
}
