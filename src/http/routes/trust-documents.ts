import { type ExplainTrustParts, explainTrust, type TrustQuestion } from '../../flows/explain-trust.ts';
import { bodyReader } from '../body.ts';
import type { ApiDoor } from './api.ts';
import { NAMED_ENVIRONMENT, NAMED_RUN } from './claims.ts';

const TEXT = { type: 'string', maxLength: 1024 } as const;
/** What the largest document may hold; the room counts bytes, and says so. */
const DOCUMENT = { type: 'string', maxLength: 256 * 1024 } as const;

const readQuestion = bodyReader<TrustQuestion>({
  type: 'object',
  required: ['document'],
  additionalProperties: false,
  properties: {
    document: DOCUMENT,
    issuer: { type: 'string', enum: ['v1', 'v2'] },
    audience: TEXT,
    run: { anyOf: [{ type: 'string', maxLength: 36 }, NAMED_RUN] },
    environment: NAMED_ENVIRONMENT,
    claims: { type: 'object', maxProperties: 200 },
    header: { type: 'object', additionalProperties: false, properties: { alg: TEXT, kid: TEXT, typ: TEXT } },
  },
  oneOf: [{ required: ['run'] }, { required: ['environment'] }, { required: ['claims'] }],
  // Claims say by themselves whose they are, and for whom.
  dependentSchemas: { claims: { properties: { issuer: false, audience: false } } },
});

/** `/api/orgs/{org}/trust`: documents of relying parties that trust our issuers. */
export const addTrustDocumentRoutes = (door: ApiDoor, parts: ExplainTrustParts): void => {
  door.post('/api/orgs/:org/trust/explain', async (ctx) => {
    const { principal, organization } = await door.caller(ctx);
    const question = await readQuestion(ctx);
    const { party, presented, ...verdict } = await explainTrust(parts, principal, organization, question);
    const { iss, sub, aud } = presented.claims;
    ctx.set('Cache-Control', 'no-store');
    ctx.body = { party, presented: { iss, sub, aud }, ...verdict };
  });
};
