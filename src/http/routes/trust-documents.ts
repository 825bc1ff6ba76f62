import { OPERATIONS } from '../../access/organization.ts';
import { Refusal } from '../../errors.ts';
import type { ExplainTrustParts, TrustQuestion } from '../../flows/explain-trust.ts';
import type { GenerateTrustParts, VerifyRequest } from '../../flows/generate-trust.ts';
import { forgetTrust, listRememberedTrust, type RememberedTrustParts } from '../../flows/remembered-trust.ts';
import { SUBJECT_ATTRIBUTES, splitEnvironmentPath } from '../../tokens/subject.ts';
import { CHECKED_BY, GENERATED_FOR, type TrustRequest } from '../../trust/generate/generated.ts';
import { INPUTS } from '../../trust/generate/inputs.ts';
import type { EnvironmentScope, RunScope, TrustScope } from '../../trust/generate/scope.ts';
import { bodyReader } from '../body.ts';
import { type ApiDoor, parameterOf } from './api.ts';
import { NAMED_ENVIRONMENT, NAMED_RUN } from './claims.ts';
import { showTrust } from './quarantine.ts';

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

const PATTERN = { type: 'string', minLength: 1, maxLength: 100 } as const;

const SCOPE = {
  type: 'object',
  oneOf: [
    {
      required: ['project', 'stack'],
      additionalProperties: false,
      properties: {
        project: PATTERN,
        stack: PATTERN,
        operations: { type: 'array', uniqueItems: true, items: { type: 'string', enum: OPERATIONS } },
      },
    },
    {
      required: ['environment'],
      additionalProperties: false,
      properties: {
        environment: TEXT,
        attributes: {
          type: 'array',
          maxItems: 10,
          items: {
            type: 'object',
            required: ['attribute'],
            additionalProperties: false,
            properties: { attribute: { type: 'string', enum: SUBJECT_ATTRIBUTES }, value: TEXT },
          },
        },
      },
    },
  ],
} as const;

type ScopeBody =
  | { readonly project: string; readonly stack: string; readonly operations?: RunScope['operations'] }
  | { readonly environment: string; readonly attributes?: EnvironmentScope['attributes'] };

const ISSUER = { type: 'string', enum: ['v1', 'v2'] } as const;

const readGenerate = bodyReader<
  Partial<Omit<TrustRequest, 'scope' | 'target'>> & Pick<TrustRequest, 'target'> & { readonly scope: ScopeBody }
>({
  type: 'object',
  required: ['target', 'scope'],
  additionalProperties: false,
  properties: {
    target: { type: 'string', enum: GENERATED_FOR },
    cloud: { type: 'string', enum: CHECKED_BY },
    scope: SCOPE,
    issuer: ISSUER,
    audience: TEXT,
    inputs: {
      type: 'object',
      additionalProperties: false,
      properties: Object.fromEntries(Object.keys(INPUTS).map((name) => [name, TEXT])),
    },
  },
});

const readVerify = bodyReader<Partial<VerifyRequest> & Pick<VerifyRequest, 'document'> & { readonly scope: ScopeBody }>(
  {
    type: 'object',
    required: ['document', 'scope'],
    additionalProperties: false,
    properties: { document: DOCUMENT, scope: SCOPE, issuer: ISSUER, audience: TEXT },
  },
);

const scopeOf = (body: ScopeBody): TrustScope => {
  if ('stack' in body) {
    const { project, stack, operations = [] } = body;
    return { kind: 'runs', project, stack, operations };
  }
  const path = splitEnvironmentPath(body.environment);
  if (!path) throw new Refusal('invalid_name', { field: 'environment', problem: 'must be "project/name" or "name"' });
  return { kind: 'environment', project: path.project, environment: path.name, attributes: body.attributes ?? [] };
};

// The evaluators of six relying parties are a fifth of everything that a server loads, and most never ask them: they
// come with the first question, so that a start is not slower for them.
const explaining = () => import('../../flows/explain-trust.ts');
const generating = () => import('../../flows/generate-trust.ts');

/** `/api/orgs/{org}/trust`: documents of relying parties that trust our issuers. */
export const addTrustDocumentRoutes = (
  door: ApiDoor,
  parts: ExplainTrustParts & GenerateTrustParts & RememberedTrustParts,
): void => {
  door.post('/api/orgs/:org/trust/explain', async (ctx) => {
    const { principal, organization } = await door.caller(ctx);
    const question = await readQuestion(ctx);
    const { explainTrust } = await explaining();
    const { party, presented, ...verdict } = await explainTrust(parts, principal, organization, question);
    const { iss, sub, aud } = presented.claims;
    ctx.set('Cache-Control', 'no-store');
    ctx.body = { party, presented: { iss, sub, aud }, ...verdict };
  });

  door.post('/api/orgs/:org/trust/generate', async (ctx) => {
    const { principal, organization } = await door.caller(ctx);
    const { scope, issuer = 'v1', inputs = {}, ...rest } = await readGenerate(ctx);
    const request = { ...rest, scope: scopeOf(scope), issuer, inputs };
    const { generateForScope } = await generating();
    ctx.body = await generateForScope(parts, principal, organization, request);
  });

  door.post('/api/orgs/:org/trust/verify', async (ctx) => {
    const { principal, organization } = await door.caller(ctx);
    const { scope, issuer = 'v1', ...rest } = await readVerify(ctx);
    const { verifyForScope } = await generating();
    ctx.body = await verifyForScope(parts, principal, organization, { ...rest, scope: scopeOf(scope), issuer });
  });

  door.get('/api/orgs/:org/trust/documents', async (ctx) => {
    const { principal, organization } = await door.caller(ctx);
    ctx.body = { trustDocuments: (await listRememberedTrust(parts, principal, organization)).map(showTrust) };
  });

  door.delete('/api/orgs/:org/trust/documents/:document', async (ctx) => {
    const { principal, organization } = await door.caller(ctx);
    await forgetTrust(parts, principal, organization, parameterOf(ctx, 'document'));
    ctx.status = 204;
  });
};
