/**
 * The strict profile: what a token, a key set and a discovery document must look like to be accepted everywhere.
 *
 * Knows nothing of our sources, only what comes over the wire: each row is a rule that some verifier forces, and gives
 * what breaks it, as sentences. The rules stand in the files beside this one, by the thing they look at.
 */
export interface Surface {
  /** As it was configured: what a trust policy would hold. */
  readonly issuer: string;
  readonly alg: 'RS256' | 'ES256';
  readonly discovery: Fetched;
  readonly keys: Fetched;
  readonly tokens: readonly string[];
}

/** One answer, as it came. */
export interface Fetched {
  readonly url: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** How long it took. */
  readonly ms: number;
}

export interface Row {
  readonly rule: string;
  readonly forcedBy: string;
  problems(surface: Surface): readonly string[];
}

export type Json = Readonly<Record<string, unknown>>;

export interface Token {
  readonly jwt: string;
  readonly header: Json;
  readonly claims: Json;
  /** Header and claims as the JSON texts that were signed. */
  readonly texts: readonly [string, string];
}

export const readToken = (jwt: string): Token => {
  const [header = '', claims = ''] = jwt.split('.').map((part) => Buffer.from(part, 'base64url').toString());
  return { jwt, header: JSON.parse(header) as Json, claims: JSON.parse(claims) as Json, texts: [header, claims] };
};

export const keysOf = ({ keys }: Pick<Surface, 'keys'>): readonly Json[] =>
  (JSON.parse(keys.text) as { keys: Json[] }).keys;

export const discoveryOf = ({ discovery }: Pick<Surface, 'discovery'>): Json => JSON.parse(discovery.text) as Json;

/** Names of members that a JSON text has more than once in one object. */
export const repeatedMembers = (text: string): readonly string[] => {
  const repeated: string[] = [];
  const open: (Set<string> | undefined)[] = [];
  for (const [found] of text.matchAll(/"(?:[^"\\]|\\.)*"\s*:?|[{}[\]]/g)) {
    if (found === '{') open.push(new Set());
    else if (found === '[') open.push(undefined);
    else if (found === '}' || found === ']') open.pop();
    else if (found.endsWith(':')) {
      const name = JSON.parse(found.slice(0, -1)) as string;
      if (open.at(-1)?.has(name)) repeated.push(name);
      open.at(-1)?.add(name);
    }
  }
  return repeated;
};

/** `problem` as the only one where `wrong` holds. */
export const when = (wrong: boolean, problem: string): readonly string[] => (wrong ? [problem] : []);
