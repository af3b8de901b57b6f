import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { nextMidnightUtc } from '@/app/lib/api';
import { freePort, startProgram, type Program } from './program';

/** The customers that `serve --demo` seeds, as the contract has them. */
export const demo = {
  pro: { key: 'codexible_demo_pro_2026', email: 'demo@codexible.me', plan: 'Pro', limit: 250, used: 89 },
  business: { key: 'codexible_demo_business_2026', email: 'team@codexible.me', plan: 'Business', limit: 500, used: 146 },
  starter: { key: 'codexible_demo_starter_2026', email: 'starter@codexible.me', plan: 'Starter', limit: 75, used: 22 },
};

export interface Answer<T> {
  status: number;
  headers: Headers;
  body: T;
}

interface Options {
  key?: string;
  body?: unknown;
  headers?: Record<string, string>;
}

/** Longer than any one file of tests takes. */
const longestRunMs = 4 * 60_000;

/** Today's figures of a demo belong to the UTC day on which it started. A run that might outlast the day waits for the next. */
async function clearOfMidnight(): Promise<void> {
  const leftMs = nextMidnightUtc(new Date()).getTime() - Date.now();
  if (leftMs < longestRunMs) await new Promise((resolve) => setTimeout(resolve, leftMs + 1000));
}

/** The real service in demo mode, or with data of its own, on a port of its own. */
export class Service {
  private program: Program | null = null;
  private adminKey = 'codexible_demo_admin_2026';
  /** Where the data is; null in a demo, which has a folder of its own. */
  private folder: string | null = null;

  private constructor(
    readonly port: number,
    private readonly environment: Record<string, string>,
  ) {}

  static async start(environment: Record<string, string> = {}): Promise<Service> {
    await clearOfMidnight();
    const service = new Service(await freePort(), environment);
    await service.resume();
    return service;
  }

  /** Starts without a demo, which sends no mail: with the shipped plans and an operator alone. */
  static async startEmpty(environment: Record<string, string> = {}): Promise<Service> {
    await clearOfMidnight();
    const folder = await mkdtemp(path.join(tmpdir(), 'codexible-e2e-'));
    const service = new Service(await freePort(), { ...environment, DATA_DIR: folder });
    service.folder = folder;
    try {
      await service.resume();
      const operator = 'operator@example.com';
      await service.command('user', 'create', '--email', operator, '--plan', 'Business', '--role', 'admin');
      service.adminKey = ((await service.command('key', 'create', '--user', operator)) as { key: string }).key;
      return service;
    } catch (error) {
      await service.stop();
      throw error;
    }
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  private static binary(): string {
    const binary = process.env.CODEXIBLE_BIN;
    if (!binary) throw new Error('CODEXIBLE_BIN is not set. Build the service (go build -o FILE . beside this folder) and give the path of FILE.');
    // A relative path is meant from where npm was called.
    return path.resolve(process.env.INIT_CWD ?? '.', binary);
  }

  /** Runs a command of the service beside it and returns what it prints. */
  private async command(...words: string[]): Promise<unknown> {
    const { stdout } = await promisify(execFile)(Service.binary(), [...words, '--json'], { env: { PATH: process.env.PATH ?? '', DATA_DIR: this.folder ?? '' } as unknown as NodeJS.ProcessEnv });
    return JSON.parse(stdout);
  }

  /** Starts again, where it was; a demo begins with the data it always begins with. */
  async resume(): Promise<void> {
    const environment = { HOST: '127.0.0.1', PORT: String(this.port), TRUSTED_PROXIES: '127.0.0.1/32', RATE_LIMIT_PER_IP: '10000', ...this.environment };
    this.program = await startProgram(Service.binary(), this.folder === null ? ['serve', '--demo'] : ['serve'], environment, `${this.url}/health`);
  }

  async stop(): Promise<void> {
    await this.program?.stop();
    if (this.folder !== null) await rm(this.folder, { recursive: true });
  }

  output(): string {
    return this.program?.output() ?? '';
  }

  async call<T>(method: string, path: string, { key, body, headers }: Options = {}): Promise<Answer<T>> {
    const response = await fetch(this.url + path, {
      method,
      headers: {
        ...(key ? { Authorization: `Bearer ${key}` } : {}),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, headers: response.headers, body: (await response.json()) as T };
  }

  /** Calls and insists on success. */
  async get<T>(path: string, key: string): Promise<T> {
    return this.expectSuccess(await this.call<T>('GET', path, { key }), path);
  }

  async admin<T>(method: string, path: string, body?: unknown): Promise<T> {
    return this.expectSuccess(await this.call<T>(method, `/api/admin${path}`, { key: this.adminKey, body }), path);
  }

  /** A customer of this test's own, with a first key, which can charge itself by default. */
  async newCustomer(plan = 'Starter', scopes = ['models', 'usage', 'keys', 'charge']): Promise<{ id: string; key: string; email: string }> {
    const email = `${randomUUID()}@example.com`;
    const { id } = await this.admin<{ id: string }>('POST', '/users', { email, name: 'Test Customer', plan });
    const { key } = await this.admin<{ key: string }>('POST', '/tokens', { user_id: id, label: 'First', scopes });
    return { id, key, email };
  }

  private expectSuccess<T>(answer: Answer<T>, path: string): T {
    if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }
}
