/**
 * IP addresses as text: one spelling for each, so that they can be compared and counted, and the network that
 * stands for one client where limits are kept.
 */
import { isIPv4, isIPv6 } from 'node:net';

/** An IPv4 address inside IPv6, as a socket that serves both reports it: ::ffff:a.b.c.d. */
const MAPPED = [0, 0, 0, 0, 0, 0xffff];
const GROUP_COUNT = 8;
/** What one household or one rented machine is given of IPv6: who has one address of it has them all. */
const CLIENT_GROUPS = 4;

/**
 * The canonical spelling (IPv4 dotted; IPv6 in lower case, shortened as RFC 5952 says, without a zone; an IPv4
 * address inside IPv6 as IPv4); undefined where `text` is no address.
 */
export function canonicalAddress(text: string): string | undefined {
  const address = text.split('%', 1)[0] ?? '';
  if (isIPv4(address)) return address;
  if (!isIPv6(address)) return undefined;
  const groups = groupsOf(address);
  if (!MAPPED.every((group, index) => groups[index] === group)) return shortest(groups);
  const [high = 0, low = 0] = groups.slice(MAPPED.length);
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');
}

/** The key that limits are kept under: the address for IPv4, its /64 for IPv6. `canonical`: as answered above. */
export function limitKeyOf(canonical: string): string {
  if (!canonical.includes(':')) return canonical;
  const groups = groupsOf(canonical).map((group, index) => (index < CLIENT_GROUPS ? group : 0));
  return `${shortest(groups)}/64`;
}

/** The eight groups of a valid IPv6 address. */
function groupsOf(address: string): readonly number[] {
  const [head = '', tail] = address.split('::');
  const before = parseGroups(head);
  if (tail === undefined) return before;
  const after = parseGroups(tail);
  const zeros = Array.from({ length: GROUP_COUNT - before.length - after.length }, () => 0);
  return [...before, ...zeros, ...after];
}

function parseGroups(text: string): readonly number[] {
  if (text === '') return [];
  return text.split(':').flatMap((part) => {
    if (!part.includes('.')) return [parseInt(part, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = part.split('.').map(Number);
    return [(a << 8) | b, (c << 8) | d];
  });
}

/** The longest run of two or more zero groups, the first of equals, becomes `::`. */
function shortest(groups: readonly number[]): string {
  let start = 0;
  let length = 1;
  for (let at = 0; at < GROUP_COUNT; at++) {
    let end = at;
    while (end < GROUP_COUNT && groups[end] === 0) end++;
    if (end - at > length) [start, length] = [at, end - at];
    at = Math.max(at, end - 1);
  }
  const hex = groups.map((group) => group.toString(16));
  if (length < 2) return hex.join(':');
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`;
}
