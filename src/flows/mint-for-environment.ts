import type { AuditLog } from '../audit/record.ts';
import { Refusal } from '../errors.ts';
import type { Secret } from '../secret.ts';
import { type Clock, epochSeconds, type Random } from '../system.ts';
import type { Draft } from '../tokens/draft.ts';
import { mint, type SigningKey } from '../tokens/mint.ts';
import type { Trace } from './trace.ts';

export interface MintForEnvironmentParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly audit: AuditLog;
  readonly environmentIssuers: Readonly<Record<'v1' | 'v2', { readonly url: string; readonly maxLifetime: number }>>;
  signer(issuer: 'v1' | 'v2'): SigningKey | undefined;
}

/** One token for one login. No audit record, no token: it says who opened what, and for whom the token is. */
export const mintForEnvironment = async (
  { clock, random, audit, environmentIssuers, signer }: MintForEnvironmentParts,
  trace: Pick<Trace, 'organization' | 'actor'>,
  { draft, issuer, lifetime }: { readonly draft: Draft; readonly issuer: 'v1' | 'v2'; readonly lifetime: number },
): Promise<Secret> => {
  const key = signer(issuer);
  if (!key) throw new Refusal('issuing_paused');
  const { url, maxLifetime } = environmentIssuers[issuer];
  const iat = epochSeconds(clock);
  const exp = iat + Math.min(lifetime, maxLifetime);
  const jti = random.uuid();
  const jwt = await mint(draft, key, { iss: url, jti, iat, exp });
  await audit.record({
    ...trace,
    kind: 'environment.token',
    outcome: 'granted',
    detail: { issuer, sub: draft.sub, aud: draft.aud, kid: key.kid, jti, exp, ...environmentsIn(draft) },
  });
  return jwt;
};

/** The claims that name the environments and their opener, whichever issuer speaks. */
const environmentsIn = ({ claims }: Draft): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(claims).flatMap(([name, value]) => {
      const plain = /(?:^|\/)((?:current|root)_env(?:_revision)?|trigger_user|actor)$/.exec(name)?.[1];
      return plain !== undefined && typeof value === 'string' ? [[plain, value]] : [];
    }),
  );
