import {
  type ChangeIssuerParts,
  deleteIssuer,
  type IssuerChange,
  regenerateThumbprints,
  updateIssuer,
} from '../../flows/change-issuer.ts';
import { type IssuerView, listIssuers, type ReadTrustParts, readIssuer, viewOf } from '../../flows/read-trust.ts';
import { type RegisterIssuerParts, registerIssuer } from '../../flows/register-issuer.ts';
import { REGISTRATION_LIMITS, type Registration } from '../../issuers/registration.ts';
import { REPLAY_RULES } from '../../issuers/trusted-issuer.ts';
import { writeTime } from '../../system.ts';
import { bodyReader } from '../body.ts';
import { type ApiDoor, parameterOf } from './api.ts';

export type TrustedIssuerRouteParts = RegisterIssuerParts & ChangeIssuerParts & ReadTrustParts;

/** A body in which `null` stands for an absent member, as the contract's clients send it. */
type WithNulls<T> = { readonly [K in keyof T]: T[K] | null };

const { shortestTime, maxExpiration, maxTokenAge, thumbprints, keys } = REGISTRATION_LIMITS;
const orNull = (schema: object) => ({ anyOf: [schema, { type: 'null' }] });
// Longer than anything that is taken: what is wrong with a text is said by the registration's own rules.
const TEXT = { type: 'string', maxLength: 2048 };

const MEMBERS = {
  name: TEXT,
  url: TEXT,
  issuer: orNull(TEXT),
  thumbprints: orNull({ type: 'array', maxItems: thumbprints, items: TEXT }),
  maxExpiration: orNull({ type: 'integer', minimum: shortestTime, maximum: maxExpiration }),
  jwks: orNull({
    type: 'object',
    required: ['keys'],
    properties: { keys: { type: 'array', maxItems: keys, items: { type: 'object' } } },
  }),
  replay: orNull({ type: 'string', enum: REPLAY_RULES }),
  capToSubjectToken: orNull({ type: 'boolean' }),
  maxTokenAge: orNull({ type: 'integer', minimum: shortestTime, maximum: maxTokenAge }),
};

const readRegistration = bodyReader<WithNulls<Registration>>({
  type: 'object',
  required: ['name', 'url'],
  additionalProperties: false,
  properties: MEMBERS,
});

const readChange = bodyReader<WithNulls<IssuerChange>>({
  type: 'object',
  additionalProperties: false,
  properties: { ...MEMBERS, name: orNull(TEXT), url: orNull(TEXT) },
});

const ISSUERS = '/api/orgs/:org/oidc/issuers';
const ISSUER = `${ISSUERS}/:issuer`;

/** `/api/orgs/{org}/oidc/issuers`: whom an organization trusts. Contract section 4. */
export const addTrustedIssuerRoutes = (door: ApiDoor, parts: TrustedIssuerRouteParts): void => {
  door.get(ISSUERS, async (ctx) => {
    const { principal } = await door.caller(ctx);
    ctx.body = { oidcIssuers: (await listIssuers(parts, principal)).map(showIssuer) };
  });

  door.post(ISSUERS, async (ctx) => {
    const { principal, organization } = await door.caller(ctx);
    const request = withoutNulls(await readRegistration(ctx));
    const { issuer, algorithms } = await registerIssuer(parts, principal, organization, request);
    ctx.body = { ...showIssuer({ issuer }), ...(algorithms && { algorithms }) };
  });

  door.get(ISSUER, async (ctx) => {
    const { principal } = await door.caller(ctx);
    ctx.body = showIssuer(await readIssuer(parts, principal, parameterOf(ctx, 'issuer')));
  });

  door.patch(ISSUER, async (ctx) => {
    const { principal } = await door.caller(ctx);
    const change = withoutNulls(await readChange(ctx));
    const issuer = await updateIssuer(parts, principal, parameterOf(ctx, 'issuer'), change);
    ctx.body = showIssuer(await viewOf(parts.issuers, issuer));
  });

  door.delete(ISSUER, async (ctx) => {
    const { principal } = await door.caller(ctx);
    await deleteIssuer(parts, principal, parameterOf(ctx, 'issuer'));
    ctx.status = 204;
  });

  door.post(`${ISSUER}/regenerate-thumbprints`, async (ctx) => {
    const { principal } = await door.caller(ctx);
    const issuer = await regenerateThumbprints(parts, principal, parameterOf(ctx, 'issuer'));
    ctx.body = showIssuer(await viewOf(parts.issuers, issuer));
  });
};

const withoutNulls = <T extends object>(body: WithNulls<T>): T =>
  Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null)) as T;

/** The contract's members, then ours. A file has no times. */
const showIssuer = ({ issuer, lastUsed }: IssuerView) => ({
  id: issuer.id,
  name: issuer.name,
  url: issuer.url,
  issuer: issuer.issuer,
  thumbprints: issuer.thumbprints,
  ...(issuer.jwks && { jwks: issuer.jwks }),
  maxExpiration: issuer.maxExpiration,
  ...(!issuer.declared && { created: writeTime(issuer.created), modified: writeTime(issuer.modified) }),
  ...(lastUsed !== undefined && { lastUsed: writeTime(lastUsed) }),
  replay: issuer.replay,
  capToSubjectToken: issuer.capToSubjectToken,
  maxTokenAge: issuer.maxTokenAge,
  readOnly: issuer.declared,
});
