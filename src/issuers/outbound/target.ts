import { isIP } from 'node:net';
import { IssuerProblem } from '../issuer-keys.ts';
import { reachOf } from './addresses.ts';

/** Where a fetch goes: a URL whose form was checked. Its addresses are not known yet. */
export interface Target {
  readonly url: URL;
  /** The host as a resolver takes it: a name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
  /** A permission covers this host and port: its addresses may lie inside the network. */
  readonly permitted: boolean;
}

/** One address of a host. */
export interface Address {
  readonly address: string;
  readonly family: 4 | 6;
}

/** Gives all addresses of a name; none is an error. */
export type Resolve = (name: string) => Promise<readonly Address[]>;

const MAX_URL_LENGTH = 2048;

/**
 * Checks the form of a URL that an administrator registered or an issuer names. Throws `IssuerProblem`.
 *
 * Spellings such as `https://0x7f.1` have become plain addresses when this is done: the URL parser reads them as the
 * system would. A permission is a `host`, for port 443, or a `host:port`, for that port alone. `openPort` needs none.
 */
export const readTarget = (text: string, hosts: readonly string[], openPort: number): Target => {
  if (text.length > MAX_URL_LENGTH) throw new IssuerProblem(`A URL has at most ${MAX_URL_LENGTH} characters.`);
  const url = URL.parse(text);
  if (url?.protocol !== 'https:') throw new IssuerProblem('An issuer is reached by an https:// URL only.');
  if (url.username || url.password) throw new IssuerProblem('The URL must not hold a user name or password.');
  if (text.includes('#')) throw new IssuerProblem('The URL must not have a fragment ("#").');
  const permitted = hosts.some((entry) => URL.parse(`https://${entry}`)?.host === url.host);
  const port = Number(url.port || 443);
  if (port !== openPort && !permitted)
    throw new IssuerProblem(`${url.host} is not on port ${openPort}; ${permission(url)}`);
  return { url, host: url.hostname.replace(/^\[|\]$/g, ''), port, permitted };
};

/**
 * All addresses of a target, each of them checked: one that may not be reached denies the host, because which of them
 * a connection takes is the resolver's choice. Throws `IssuerProblem`, which never tells an address: whoever registers
 * issuers must not read the names of the inner network with it.
 */
export const checkedAddresses = async (target: Target, resolve: Resolve): Promise<readonly Address[]> => {
  const { host, permitted, url } = target;
  const family = isIP(host);
  const addresses = family ? [{ address: host, family: family as 4 | 6 }] : await resolve(host);
  const reaches = addresses.map(({ address }) => reachOf(address));
  if (reaches.length === 0) throw new IssuerProblem(`${url.host} has no address.`);
  if (reaches.includes('never')) throw new IssuerProblem(`${url.host} has an address where no issuer can be.`);
  if (reaches.includes('inside') && !permitted) {
    throw new IssuerProblem(`${url.host} has an address that is not public; ${permission(url)}`);
  }
  return addresses;
};

const permission = ({ host }: URL): string =>
  `an operator can permit it: list "${host}" under "issuerHosts" of the organization in the settings.`;
