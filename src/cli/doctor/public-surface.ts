import { request } from 'undici';
import { isLoopbackHost } from '../../settings/rules.ts';
import { type Clock, epochSeconds, readHttpDate } from '../../system.ts';
import { ANSWER_MS, readAnswer, unreachable } from '../client.ts';
import { checkCertificate } from './certificate.ts';
import { attempt, type Finding, fail, ok, sayOffset, warn } from './finding.ts';

const ISSUERS = { v1: '/oidc', v2: '/oidc/v2' } as const;
type IssuerName = keyof typeof ISSUERS;

/** What relying parties see of one issuer, as it was fetched through the public URL. */
export interface SeenIssuer {
  readonly url: string;
  readonly algorithms: readonly string[];
  readonly jwks: { readonly keys: readonly Readonly<Record<string, unknown>>[] };
}

export interface PublicSurface {
  readonly findings: readonly Finding[];
  /** The issuers whose documents could be read. */
  readonly issuers: Readonly<Partial<Record<IssuerName, SeenIssuer>>>;
}

/** Looks at an installation as a relying party does: through its public URL, and nothing else. */
export const lookAtPublicSurface = async (base: string, clock: Clock): Promise<PublicSurface> => {
  const url = new URL(base);
  const transport = url.protocol === 'https:' ? await checkCertificate(url, clock) : [plainHttp(url)];
  let reached = false;
  const reach = await attempt('public URL', 'start the server, and let the proxy pass on all paths', async () => {
    const findings = await checkReach(base, clock);
    reached = true;
    return findings;
  });
  const issuers: Partial<Record<IssuerName, SeenIssuer>> = {};
  const documents: Finding[] = [];
  // What cannot be reached at all would only be said again for every document.
  for (const name of reached ? (['v1', 'v2'] as const) : []) {
    const fix = 'let the proxy pass on /oidc/* unchanged, without redirects and without an answer of its own';
    documents.push(
      ...(await attempt(`discovery ${name}`, fix, async () => {
        const { findings, seen } = await lookAtIssuer(name, `${base}${ISSUERS[name]}`);
        issuers[name] = seen;
        return findings;
      })),
    );
  }
  return { findings: [...transport, ...reach, ...documents], issuers };
};

const plainHttp = (url: URL): Finding =>
  isLoopbackHost(url.hostname)
    ? warn(
        'TLS',
        `${url.origin} is known to this machine only: good for trials.`,
        'for clouds, set "url" to an https URL',
      )
    : fail(
        'TLS',
        `${url.origin} has no TLS: verifiers refuse it.`,
        'put a TLS proxy in front, and set "url" to its https URL',
      );

const checkReach = async (base: string, clock: Clock): Promise<readonly Finding[]> => {
  const started = epochSeconds(clock);
  const { status, text, headers } = await fetchPlainly(`${base}/readyz/issue`);
  const ended = epochSeconds(clock);
  const findings = [
    status === 200
      ? ok('public URL', `${base} answers and can issue.`)
      : fail('public URL', `${base}/readyz/issue answers ${status}${reasonsIn(text)}.`, 'see the log of the server'),
  ];
  const date = readHttpDate(headers.get('date') ?? '');
  return date === undefined ? findings : [...findings, clockFinding(date, started, ended)];
};

const reasonsIn = (text: string): string => {
  try {
    const { reasons } = JSON.parse(text) as { readonly reasons?: readonly string[] };
    return reasons === undefined ? '' : `: ${reasons.join(' ').replace(/\.$/, '')}`;
  } catch {
    return '';
  }
};

/** Verifiers allow for minutes at most; the `Date` header counts whole seconds. */
const CLOCK = { noticed: 5, harmful: 60 } as const;

const clockFinding = (server: number, started: number, ended: number): Finding => {
  const offset = server < started ? server - started : server > ended ? server - ended : 0;
  const says = sayOffset('server', offset);
  if (Math.abs(offset) <= CLOCK.noticed) return ok('clock', says);
  return (Math.abs(offset) <= CLOCK.harmful ? warn : fail)('clock', says, 'set both clocks by NTP');
};

const lookAtIssuer = async (name: IssuerName, issuer: string) => {
  const where = `${issuer}/.well-known/openid-configuration`;
  const discovery = await fetchPlainly(where);
  const findings: Finding[] = [];
  const document = readDocument(where, discovery);
  const stated = document['issuer'];
  findings.push(
    stated === issuer
      ? ok(`issuer ${name}`, `${issuer}, byte for byte`)
      : fail(`issuer ${name}`, `${where} says that the issuer is ${String(stated)}.`, 'set "url" to the public URL'),
  );
  findings.push(...headerFindings(`discovery ${name}`, discovery));

  const jwksUri = String(document['jwks_uri']);
  if (jwksUri !== `${issuer}/.well-known/jwks`) {
    throw new Error(`${where} names another key set: ${jwksUri}.`);
  }
  const answer = await fetchPlainly(jwksUri);
  const { keys } = readDocument(jwksUri, answer);
  findings.push(...headerFindings(`keys ${name}`, answer), keysFinding(name, keys));
  const algorithms = document['id_token_signing_alg_values_supported'];
  const seen: SeenIssuer = {
    url: issuer,
    algorithms: Array.isArray(algorithms) ? algorithms.map(String) : [],
    jwks: { keys: Array.isArray(keys) ? keys : [] },
  };
  return { findings, seen };
};

const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k'];

const keysFinding = (name: IssuerName, keys: unknown): Finding => {
  const check = `keys ${name}`;
  if (!Array.isArray(keys) || keys.length === 0) return fail(check, 'The key set is empty.', 'see "runpass keys list"');
  if (keys.some((key: object) => PRIVATE_MEMBERS.some((member) => Object.hasOwn(key, member)))) {
    return fail(
      check,
      'The key set holds a private key.',
      'something in front of Runpass changes it: find it, then revoke the key',
    );
  }
  return ok(check, `${keys.length} ${keys.length === 1 ? 'key is' : 'keys are'} published.`);
};

interface Fetched {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly text: string;
}

const readDocument = (url: string, { status, headers, text }: Fetched): Readonly<Record<string, unknown>> => {
  if (status >= 300 && status < 400) {
    throw new Error(`${url} redirects to ${headers.get('location') ?? 'nowhere'}, and verifiers follow no redirect.`);
  }
  if (status !== 200) throw new Error(`${url} answers ${status}.`);
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>;
  } catch {
    throw new Error(`${url} does not answer with JSON.`);
  }
};

const headerFindings = (check: string, { headers }: Fetched): readonly Finding[] => {
  const findings: Finding[] = [];
  const type = headers.get('content-type') ?? 'none';
  if (!/^application\/json(?:$|;)/.test(type)) {
    findings.push(
      fail(check, `Its content type is ${type}.`, 'let the proxy pass on "Content-Type: application/json"'),
    );
  }
  const caching = headers.get('cache-control') ?? 'none';
  if (!/\bmax-age=[1-9]/.test(caching) || /\b(?:no-store|private)\b/.test(caching)) {
    const fix = 'let the proxy pass on "Cache-Control": verifiers plan by it, and so do the key switches';
    findings.push(warn(check, `Its cache control is "${caching}".`, fix));
  }
  return findings.length > 0 ? findings : [ok(check, `${type}, ${caching}`)];
};

/** Without any credentials, and without following anything. */
const fetchPlainly = async (url: string): Promise<Fetched> => {
  const { statusCode, headers, body } = await request(url, {
    headersTimeout: ANSWER_MS,
    bodyTimeout: ANSWER_MS,
    headers: { accept: 'application/json' },
  }).catch((cause: unknown) => {
    throw unreachable(new URL(url).origin, cause);
  });
  const flat = Object.entries(headers).map(([name, value]) => [name, String(value)] as const);
  return { status: statusCode, headers: new Map(flat), text: await readAnswer(url, body) };
};
