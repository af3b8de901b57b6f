import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { nextMidnightUtc } from '@/app/lib/api';
import { freePort, startProgram, type Program } from './program';

/** The customers that `serve --demo` seeds, as the contract has them. */
export const demo = {
  pro: { key: 'codexible_demo_pro_2026', email: 'demo@codexible.me', plan: 'Pro', limit: 250, used: 89 },
  business: { key: 'codexible_demo_business_2026', email: 'team@codexible.me', plan: 'Business', limit: 500, used: 146 },
  starter: { key: 'codexible_demo_starter_2026', email: 'starter@codexible.me', plan: 'Starter', limit: 75, used: 22 },
};
const adminKey = 'codexible_demo_admin_2026';

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

/** The real service in demo mode, on a port of its own. */
export class Service {
  private program: Program | null = null;

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

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Starts again, where it was; a demo begins with the data it always begins with. */
  async resume(): Promise<void> {
    const binary = process.env.CODEXIBLE_BIN;
    if (!binary) throw new Error('CODEXIBLE_BIN is not set. Build the service (go build -o FILE . beside this folder) and give the path of FILE.');
    const environment = { HOST: '127.0.0.1', PORT: String(this.port), TRUSTED_PROXIES: '127.0.0.1/32', RATE_LIMIT_PER_IP: '10000', ...this.environment };
    // A relative path is meant from where npm was called.
    const command = path.resolve(process.env.INIT_CWD ?? '.', binary);
    this.program = await startProgram(command, ['serve', '--demo'], environment, `${this.url}/health`);
  }

  async stop(): Promise<void> {
    await this.program?.stop();
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
    return this.expectSuccess(await this.call<T>(method, `/api/admin${path}`, { key: adminKey, body }), path);
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
