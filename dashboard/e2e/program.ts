import { spawn, type ChildProcess } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';

export interface Program {
  /** Everything that it wrote so far. */
  output: () => string;
  /** Ends it, by its own process id, and waits until it has ended. */
  stop: () => Promise<void>;
}

/** A port on the loopback interface that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

/** Starts a program and waits until it answers at `readyUrl`. */
export async function startProgram(command: string, args: string[], environment: Record<string, string>, readyUrl: string): Promise<Program> {
  const child = spawn(command, args, {
    // Nothing of the test runner's own environment, such as its NODE_ENV.
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', NEXT_TELEMETRY_DISABLED: '1', ...environment } as unknown as NodeJS.ProcessEnv,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // Should the test runner itself be ended, nothing is left behind.
  const end = () => child.kill('SIGKILL');
  process.once('exit', end);
  child.once('exit', () => process.off('exit', end));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const program = { output: () => output, stop: () => stop(child) };
  try {
    await answering(readyUrl, child);
  } catch (error) {
    await program.stop();
    throw new Error(`${command} ${args.join(' ')} did not come up at ${readyUrl}; it wrote:\n${output}`, { cause: error });
  }
  return program;
}

const startTimeoutMs = 60_000;

async function answering(url: string, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + startTimeoutMs;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
    try {
      if ((await fetch(url)).ok) return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const impatience = setTimeout(() => child.kill('SIGKILL'), 20_000);
  await gone;
  clearTimeout(impatience);
}
