import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/**
 * Where an address leads. `public`: to the internet. `inside`: into somebody's own network, which only a permitted
 * host may have. `never`: nowhere that keys are published; no permission changes that.
 */
export type Reach = 'public' | 'inside' | 'never';

/** Names of ipaddr.js for private (RFC 1918, RFC 4193), shared (RFC 6598) and loopback addresses. */
const INSIDE: readonly string[] = ['private', 'uniqueLocal', 'carrierGradeNat', 'loopback'];

/**
 * Where clouds hand out the machine's own credentials, besides the link-local addresses (which are never reached).
 * One of them is a public address, the others lie in ranges that a permitted host may have.
 */
const METADATA = [
  '168.63.129.16/32', // Azure
  '100.100.100.200/32', // Alibaba Cloud
  'fd00:ec2::/32', // Amazon
  'fd20:ce::254/128', // Google
  'fd00:42::42/128', // Scaleway
].map((range) => ipaddr.parseCIDR(range));

/** IANA gives out global unicast addresses from here only; whatever lies outside is special. RFC 4291, section 2.4. */
const GLOBAL_UNICAST = ipaddr.parseCIDR('2000::/3');

/**
 * Says where an address leads that a resolver gave, or that stood in a URL.
 *
 * An IPv4 address that hides in an IPv6 one (mapped, compatible, 6to4, Teredo, NAT64, ISATAP) is `never`, whatever it
 * hides: no host has such an address in the DNS for a good reason. RFC 6890 and its registries; the ranges are those
 * of ipaddr.js, and what it does not name is not public either.
 */
export const reachOf = (address: string): Reach => {
  if (isIP(address) === 0) return 'never';
  const parsed = ipaddr.parse(address);
  if (METADATA.some(([network, bits]) => network.kind() === parsed.kind() && parsed.match(network, bits))) {
    return 'never';
  }
  const range: string = parsed.range();
  if (INSIDE.includes(range)) return 'inside';
  if (range !== 'unicast') return 'never';
  if (parsed instanceof ipaddr.IPv4) return 'public';
  return parsed.match(GLOBAL_UNICAST) && !isIsatap(parsed) ? 'public' : 'never';
};

/** RFC 5214, section 6.1: the interface identifier is 00-00-5E-FE or 02-00-5E-FE, then an IPv4 address. */
const isIsatap = ({ parts }: ipaddr.IPv6): boolean =>
  ((parts[4] as number) & 0xfdff) === 0 && (parts[5] as number) === 0x5efe;
