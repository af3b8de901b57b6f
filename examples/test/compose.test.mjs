import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { call, eventually, root, start } from './service.mjs';

/** An Ollama that answers every chat completion. */
async function fakeOllama(t) {
  const asked = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += part;
    asked.push({ path: request.url, ...JSON.parse(body) });
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(
      JSON.stringify({
        id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: 'qwen3-coder:30b',
        choices: [{ index: 0, message: { role: 'assistant', content: 'hello' }, finish_reason: 'stop' }],
        usage: { prompt_tokens: 7, completion_tokens: 1, total_tokens: 8 },
      }),
    );
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return { url: `http://127.0.0.1:${server.address().port}/v1`, asked };
}

test('what compose.yml applies sells the model of an upstream', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'codexible-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const ollama = await fakeOllama(t);
  const program = join(root, '.build/codexible');
  const service = await start(t, program, ['serve'], { cwd: folder, env: { DATA_DIR: folder }, path: '/health/ready' });
  const run = (...args) => execFileSync(program, args, { cwd: folder, env: { DATA_DIR: folder }, encoding: 'utf8', stdio: 'pipe' });

  const file = join(folder, 'codexible.yml');
  const text = readFileSync(join(root, 'examples/compose/codexible.yml'), 'utf8');
  assert.ok(text.includes('http://ollama:11434/v1'));
  writeFileSync(file, text.replace('http://ollama:11434/v1', ollama.url));
  assert.match(run('apply', file, '--yes'), /Made 4 changes/);
  assert.match(run('apply', file, '--yes'), /Nothing changes/);

  // The commands at the top of compose.yml.
  const commands = readFileSync(join(root, 'examples/compose/compose.yml'), 'utf8').match(/\/codexible (user|key) create .*/g);
  assert.equal(commands.length, 2);
  run(...commands[0].split(' ').slice(1));
  const { key } = JSON.parse(run(...commands[1].split(' ').slice(1), '--json'));

  const answer = await eventuallyAnswered(() => call(service.url, key, '/v1/chat/completions', { model: 'qwen3-coder', messages: [{ role: 'user', content: 'hello' }] }));
  assert.equal(answer.choices[0].message.content, 'hello');
  assert.equal(ollama.asked[0].model, 'qwen3-coder:30b');
  assert.equal((await call(service.url, key, '/api/usage/today')).credits_used, 1);
});

/** The running service sees what a command changed within a second. */
async function eventuallyAnswered(ask) {
  let answer;
  await eventually('the model to be offered', async () => (answer = await ask().catch(() => undefined)));
  return answer;
}
