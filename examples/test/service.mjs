// What the tests of the examples share: a demo of the service, and programs that are started and stopped.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const keys = {
  admin: 'codexible_demo_admin_2026',
  service: 'codexible_demo_service_2026',
  customer: 'codexible_demo_pro_2026',
  provider: 'codexible_demo_business_2026',
};

export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts a program and waits until its address answers. */
export async function start(t, command, args, { cwd = root, env = {}, path = '/' } = {}) {
  const port = await freePort();
  const child = spawn(command, args, { cwd, env: { PATH: process.env.PATH, HOME: process.env.HOME, PORT: String(port), ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  child.stdout.on('data', (text) => (printed += text));
  child.stderr.on('data', (text) => (printed += text));
  const ended = new Promise((resolve) => child.on('close', resolve));
  t.after(async () => {
    child.kill('SIGTERM');
    const hard = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(hard);
  });
  const url = `http://127.0.0.1:${port}`;
  for (let n = 0; n < 600; n++) {
    if (child.exitCode !== null) break;
    try {
      await (await fetch(url + path)).arrayBuffer();
      return { url, printed: () => printed };
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error(`${command} does not answer: ${printed}`);
}

/** Starts a demo of the service, which has a model of its own. */
export function demo(t) {
  const folder = mkdtempSync(join(tmpdir(), 'codexible-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return start(t, join(root, '.build/codexible'), ['serve', '--demo'], { cwd: folder, env: { TMPDIR: folder }, path: '/health/ready' });
}

/** Calls the service with a key. */
export async function call(url, key, path, body, method = body ? 'POST' : 'GET') {
  const response = await fetch(url + path, { method, headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' }, ...(body && { body: JSON.stringify(body) }) });
  const answer = await response.json();
  if (!response.ok) throw new Error(`${path}: ${JSON.stringify(answer)}`);
  return answer;
}

/** What the day of the owner of a key has used, in credits, and holds. */
export async function state(url, key) {
  const { credits } = await call(url, keys.service, '/api/keys/verify', { key });
  return { used: credits.used, held: credits.held };
}

/** Checks until it is so. */
export async function eventually(what, so) {
  for (let n = 0; n < 200; n++) {
    if (await so()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`waited for ${what}`);
}
