import fc from 'fast-check';
import { edited, type Members } from './edited.ts';
import { type Question, SUBJECT } from './questions.ts';
import { CONFIG_CHOICES, CONFIGS, ROLE_CHOICES, WANTED } from './vault-choices.ts';
import { CLAIM_CHOICES, VAULT_CLAIMS } from './vault-claims.ts';

const ROLE: Members = { role_type: 'jwt', bound_audiences: ['contoso'], bound_subject: SUBJECT, user_claim: 'sub' };

const ALGORITHMS = ['RS256', 'RS256', 'RS256', 'RS384', 'ES256', 'ES384', 'ES512', 'PS256', 'EdDSA', 'HS256', 'none'];

const boundClaims = fc
  .array(
    fc.oneof(
      ...Object.entries(WANTED).map(([name, values]) => fc.tuple(fc.constant(name), fc.constantFrom(...values))),
    ),
    {
      maxLength: 3,
    },
  )
  .map((all) => (all.length === 0 ? {} : { bound_claims: Object.fromEntries(all) }));

const role = fc
  .tuple(boundClaims, fc.constantFrom(undefined, 'glob'))
  .chain(([claims, type]) => edited({ ...ROLE, ...claims, ...(type && { bound_claims_type: type }) }, ROLE_CHOICES, 2));

const config = fc.constantFrom(...CONFIGS).chain((base) => edited(base, CONFIG_CHOICES, 2));

/** A role, half of them with a configuration, and a token that many of them admit. */
export const vaultQuestion: fc.Arbitrary<Question> = fc
  .tuple(role, fc.option(config), edited(VAULT_CLAIMS, CLAIM_CHOICES, 1), fc.constantFrom(...ALGORITHMS))
  .map(([asked, configured, claims, alg]) => ({
    document: JSON.stringify(configured ? { role: asked, config: configured } : asked),
    claims,
    alg,
  }));
