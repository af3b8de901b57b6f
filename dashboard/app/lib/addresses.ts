/*
 * Addresses and networks in CIDR notation, read as the service reads them. The
 * service decides; this shows a mistake while the form is still open.
 */

/** `address` holds the bits of the network, all others are zero. */
export interface Network {
  family: 4 | 6;
  address: bigint;
  length: number;
}

const width = { 4: 32, 6: 128 } as const;
/** How long the part of an IPv6 address is that says that it is an IPv4 one. */
const mappedLength = 96;
const mapped = 0xffffn;

/** The network that a text names, null where it names none. A single address is a network of one. */
export function parseNetwork(text: string): Network | null {
  const [written = '', length, ...more] = text.split('/');
  const found = parseAddress(written);
  if (!found || more.length > 0) return null;
  if (length === undefined) return unmapped({ ...found, length: width[found.family] });
  if (!/^(0|[1-9]\d{0,2})$/.test(length) || Number(length) > width[found.family]) return null;
  return unmapped({ ...found, length: Number(length) });
}

/** IPv4 that is written as IPv6 is IPv4; a network that holds more than all of it is refused. */
function unmapped(network: Network): Network | null {
  if (network.family === 6 && network.address >> 32n === mapped) {
    if (network.length < mappedLength) return null;
    return masked({ family: 4, address: network.address & 0xffffffffn, length: network.length - mappedLength });
  }
  return masked(network);
}

function masked(network: Network): Network {
  const host = BigInt(width[network.family] - network.length);
  return { ...network, address: (network.address >> host) << host };
}

function parseAddress(text: string): Pick<Network, 'family' | 'address'> | null {
  const isV6 = text.includes(':');
  const address = isV6 ? parseV6(text) : parseV4(text);
  return address === null ? null : { family: isV6 ? 6 : 4, address };
}

function parseV4(text: string): bigint | null {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)) return null;
  return parts.reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
}

function parseV6(text: string): bigint | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const [head, tail] = halves.map((half, i) => groupsOf(half, i === halves.length - 1));
  if (!head || tail === null) return null;
  const missing = 8 - head.length - (tail?.length ?? 0);
  // «::» stands for one group at least.
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null;
  const groups = [...head, ...Array<bigint>(missing).fill(0n), ...(tail ?? [])];
  return groups.reduce((sum, group) => (sum << 16n) | group, 0n);
}

/** The 16-bit groups of one side of «::». The last of an address may be IPv4, which makes two. */
function groupsOf(half: string, isLast: boolean): bigint[] | null {
  if (half === '') return [];
  const parts = half.split(':');
  const groups: bigint[] = [];
  for (const [i, part] of parts.entries()) {
    const v4 = isLast && i === parts.length - 1 && part.includes('.') ? parseV4(part) : null;
    if (v4 !== null) groups.push(v4 >> 16n, v4 & 0xffffn);
    else if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(BigInt(`0x${part}`));
    else return null;
  }
  return groups;
}

function contains(outer: Network, inner: Network): boolean {
  if (outer.family !== inner.family || outer.length > inner.length) return false;
  const host = BigInt(width[outer.family] - outer.length);
  return inner.address >> host === outer.address >> host;
}

/** Whether a network lies in one of `limits`; no limits are no bound. */
export function isWithin(entry: string, limits: readonly string[]): boolean {
  if (limits.length === 0) return true;
  const inner = parseNetwork(entry);
  return inner !== null && limits.some((limit) => {
    const outer = parseNetwork(limit);
    return outer !== null && contains(outer, inner);
  });
}

/** The entries of a text, one a line or with blanks or commas between, each once. */
export function entriesOf(text: string): string[] {
  return [...new Set(text.split(/[\s,;]+/).filter(Boolean))];
}
