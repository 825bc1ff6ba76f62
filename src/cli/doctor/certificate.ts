import { connect } from 'node:tls';
import { type Clock, epochSeconds } from '../../system.ts';
import { attempt, type Finding, fail, ok, warn } from './finding.ts';

const CHECK = 'TLS';
const CONNECT_MS = 5_000;
const DAY = 86_400;
const RENEW_DAYS = 14;

interface Presented {
  /** Why a stranger would not accept it; absent: it is accepted. */
  readonly problem?: string;
  /** Seconds. */
  readonly validTo: number;
  readonly protocol: string;
}

/** Is the certificate of the public URL one that a stranger accepts, chain included, and for how long? */
export const checkCertificate = (url: URL, clock: Clock): Promise<readonly Finding[]> =>
  attempt(CHECK, 'let the TLS proxy answer on this host and port', async () => {
    const { problem, validTo, protocol } = await handshake(url);
    if (problem !== undefined) {
      const fix = 'let the proxy send a valid certificate for this host, with its intermediate certificates';
      return [fail(CHECK, `The certificate of ${url.host} is not accepted: ${problem}.`, fix)];
    }
    const days = Math.floor((validTo - epochSeconds(clock)) / DAY);
    if (days < RENEW_DAYS) return [warn(CHECK, `The certificate of ${url.host} ends in ${days} days.`, 'renew it')];
    return [ok(CHECK, `The certificate of ${url.host} is accepted for another ${days} days (${protocol}).`)];
  });

const handshake = (url: URL): Promise<Presented> =>
  new Promise((resolve, reject) => {
    const host = url.hostname.replace(/^\[|\]$/g, '');
    // Not refused by the library, but asked about: the reason is what the operator needs. No secret is sent.
    const socket = connect({ host, port: Number(url.port || 443), servername: host, rejectUnauthorized: false });
    socket.setTimeout(CONNECT_MS, () => socket.destroy(new Error(`${url.host} does not answer.`)));
    socket.once('error', reject);
    socket.once('secureConnect', () => {
      const validTo = socket.getPeerX509Certificate()?.validToDate.getTime() ?? 0;
      const problem = socket.authorized ? {} : { problem: String(socket.authorizationError) };
      resolve({ ...problem, validTo: Math.floor(validTo / 1000), protocol: socket.getProtocol() ?? '' });
      socket.destroy();
    });
  });
