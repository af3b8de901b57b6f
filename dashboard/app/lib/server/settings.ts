import { BlockList, isIP } from 'node:net';

/** What the operator decides, read when the server starts; see .env.example. */
export interface Settings {
  /** Where customers' programs reach the API; shown on the docs page. */
  publicApiUrl: string;
  /** Where this server reaches it. */
  internalApiUrl: string;
  /** Peers whose X-Forwarded-For counts. */
  trustedProxies: BlockList;
}

type Environment = Record<string, string | undefined>;

/** Reads the settings, or says everything that is wrong with them at once. */
export function readSettings(environment: Environment): { settings: Settings; problems: string[] } {
  const problems: string[] = [];
  const development = environment.NODE_ENV !== 'production';
  const publicApiUrl = readUrl('NEXT_PUBLIC_API_URL', environment, development ? 'http://localhost:3001' : '', problems);
  const internalApiUrl = readUrl('API_INTERNAL_URL', environment, publicApiUrl || 'http://localhost:3001', problems);
  const trustedProxies = readProxies(environment.TRUSTED_PROXIES ?? '', problems);
  return { settings: { publicApiUrl, internalApiUrl, trustedProxies }, problems };
}

function readUrl(name: string, environment: Environment, fallback: string, problems: string[]): string {
  const value = environment[name]?.trim() || fallback;
  if (!value) {
    problems.push(`${name} is not set; give the address at which customers reach the API, like https://api.example.com`);
    return value;
  }
  const url = URL.canParse(value) ? new URL(value) : null;
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password || url.search || url.hash) {
    problems.push(`${name} must be an http or https address without credentials, query or fragment`);
  }
  return value.replace(/\/+$/, '');
}

function readProxies(text: string, problems: string[]): BlockList {
  const list = new BlockList();
  for (const entry of text.split(',').map((part) => part.trim()).filter(Boolean)) {
    const [address = '', bits] = entry.split('/');
    const version = isIP(address);
    const length = bits === undefined ? (version === 6 ? 128 : 32) : Number(bits);
    if (version === 0 || !/^\d*$/.test(bits ?? '') || bits === '' || length > (version === 6 ? 128 : 32)) {
      problems.push(`TRUSTED_PROXIES holds «${entry}», which is no address and no CIDR like 10.0.0.0/8`);
      continue;
    }
    list.addSubnet(address, length, version === 6 ? 'ipv6' : 'ipv4');
  }
  return list;
}

let current: Settings | undefined;

/*
 * `environment` keeps the bundler from writing the build's NEXT_PUBLIC_API_URL
 * into the code, so that one image serves every deployment.
 */
export function settings(): Settings {
  const environment: Environment = process.env;
  current ??= readSettings(environment).settings;
  return current;
}
