import { isIPv4, isIPv6 } from 'node:net';

/** As many as an administrator can still read; the database checks it too. */
export const MOST_NETWORKS = 20;

/**
 * What the networks may take in text, joined by commas: they share the endpoint's AstDB value (1,017 bytes) with the
 * rest of it. Room for 20 IPv4 networks, 20 IPv6 ones of the usual length (/48), or eight single IPv6 addresses.
 */
export const LONGEST_NETWORKS = 380;

type Network = { bits: 32 | 128; first: bigint; prefix: number };

/** What is wrong with one network as typed, as a sentence; null: nothing. A single address is a network of one. */
export function networkProblem(text: string): string | null {
  const network = parse(text);
  if (network === null) return 'Send a network, like 192.0.2.0/24 or 2001:db8::/32, or a single address.';
  if (network.bits === 128 && network.first >> 32n === 0xffffn)
    return 'Write an IPv4 network as IPv4, like 192.0.2.0/24.';
  return null;
}

/** Only for networks that `normaliseNetworks` has put in order. */
export function networksProblem(networks: readonly string[]): string | null {
  if (networks.join(',').length <= LONGEST_NETWORKS) return null;
  return `These networks are too many for one phone on the PBX: together they may have ${LONGEST_NETWORKS} characters. Join neighbours into larger networks.`;
}

/**
 * The same networks as they are stored: bits behind the prefix cleared, addresses as RFC 5952 writes them, IPv4 first,
 * each one once and none that lies inside another. Only for what `networkProblem` passed.
 */
export function normaliseNetworks(texts: readonly string[]): string[] {
  const networks = texts.map((text) => parse(text)!).sort(inOrder);
  const kept: Network[] = [];
  for (const network of networks) if (!kept.some((larger) => holds(larger, network))) kept.push(network);
  return kept.map((network) => `${addressText(network)}/${network.prefix}`);
}

/** Whether an address lies in one of the networks; no networks at all allow every address. */
export function isAllowedFrom(networks: readonly string[], address: string): boolean {
  if (networks.length === 0) return true;
  const from = parse(address);
  return from !== null && networks.some((text) => holds(parse(text)!, from));
}

/** By first address; of two that begin alike the larger one first, so that it swallows the other. */
function inOrder(a: Network, b: Network): number {
  if (a.bits !== b.bits) return a.bits - b.bits;
  if (a.first !== b.first) return a.first < b.first ? -1 : 1;
  return a.prefix - b.prefix;
}

function holds(larger: Network, smaller: Network): boolean {
  const shift = BigInt(larger.bits - larger.prefix);
  return (
    larger.bits === smaller.bits &&
    larger.prefix <= smaller.prefix &&
    larger.first >> shift === smaller.first >> shift
  );
}

function parse(text: string): Network | null {
  const [address = '', length, ...rest] = text.split('/');
  const bits = isIPv4(address) ? 32 : isIPv6(address) && !address.includes('%') ? 128 : null;
  if (bits === null || rest.length > 0) return null;
  if (length !== undefined && !/^(0|[1-9][0-9]{0,2})$/.test(length)) return null;
  const prefix = length === undefined ? bits : Number(length);
  if (prefix > bits) return null;
  const behind = BigInt(bits - prefix);
  const value = bits === 32 ? fromGroups(address.split('.').map(Number), 8n) : ipv6Value(address);
  return { bits, first: (value >> behind) << behind, prefix };
}

function ipv6Value(address: string): bigint {
  // The URL parser writes out IPv4 endings and leading zeros; only `::` is left to be filled.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const groups = (part: string) =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  const [before, after] = [groups(head), groups(tail ?? '')];
  const missing = new Array<number>(8 - before.length - after.length).fill(0);
  return fromGroups([...before, ...missing, ...after], 16n);
}

function fromGroups(groups: readonly number[], width: bigint): bigint {
  return groups.reduce((value, group) => (value << width) | BigInt(group), 0n);
}

function addressText({ bits, first }: Network): string {
  const width = bits === 32 ? 8n : 16n;
  const mask = (1n << width) - 1n;
  const groups: bigint[] = [];
  for (let at = BigInt(bits) - width; at >= 0n; at -= width) groups.push((first >> at) & mask);
  if (bits === 32) return groups.join('.');
  const written = groups.map((group) => group.toString(16)).join(':');
  return new URL(`http://[${written}]`).hostname.slice(1, -1);
}
