import { BlockList, isIP } from 'node:net';

/**
 * Whose address a request counts for: the peer's, or, behind a trusted proxy, the last address in
 * `X-Forwarded-For` that is not itself a trusted proxy.
 */
export const clientAddress = (trustedProxies: readonly string[]) => {
  const trusted = new BlockList();
  for (const range of trustedProxies) {
    const [address = '', bits] = range.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (bits === undefined) trusted.addAddress(address, family);
    else trusted.addSubnet(address, Number(bits), family);
  }
  const isTrusted = (address: string): boolean => trusted.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');

  return (peer: string, forwardedFor: string | undefined): string => {
    let address = plain(peer);
    const hops = (forwardedFor ?? '').split(',').map((hop) => plain(hop.trim()));
    while (isIP(address) && isTrusted(address)) {
      const before = hops.pop();
      if (before === undefined || !isIP(before)) break;
      address = before;
    }
    return address;
  };
};

/** An IPv4 address that came over an IPv6 socket, as IPv4. */
const plain = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, '');
