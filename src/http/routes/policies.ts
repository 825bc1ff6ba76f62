import type { Pin } from '../../exchange/pins.ts';
import { type ChangePinParts, movePin, removePin } from '../../flows/change-pin.ts';
import { type ChangePolicyParts, changePolicy, type PolicyChange } from '../../flows/change-policy.ts';
import { listPins, type PolicyView, type ReadTrustParts, readPolicy } from '../../flows/read-trust.ts';
import { POLICY_DEFINITIONS_SCHEMA } from '../../policy/file.ts';
import { DIALECTS, POLICY_MODES } from '../../policy/policy.ts';
import { writeTime } from '../../system.ts';
import { bodyReader } from '../body.ts';
import { type ApiDoor, pageOf, parameterOf } from './api.ts';

export type PolicyRouteParts = ChangePolicyParts & ChangePinParts & ReadTrustParts;

const readChange = bodyReader<PolicyChange>({
  type: 'object',
  required: ['policies'],
  additionalProperties: false,
  properties: {
    policies: POLICY_DEFINITIONS_SCHEMA,
    dialect: { type: 'string', enum: DIALECTS },
    mode: { type: 'string', enum: POLICY_MODES },
  },
});

const readMove = bodyReader<{ readonly value: string }>({
  type: 'object',
  required: ['value'],
  additionalProperties: false,
  properties: { value: { type: 'string' } },
});

const POLICIES = '/api/orgs/:org/auth/policies';
const PINS = `${POLICIES}/:policy/pins`;

/** `/api/orgs/{org}/auth/policies`: what trusted issuers' tokens may be exchanged for. Contract section 4. */
export const addPolicyRoutes = (door: ApiDoor, parts: PolicyRouteParts): void => {
  door.get(`${POLICIES}/oidcissuers/:issuer`, async (ctx) => {
    const { principal, organization } = await door.caller(ctx);
    ctx.body = showPolicy(await readPolicy(parts, principal, organization, parameterOf(ctx, 'issuer')));
  });

  door.patch(`${POLICIES}/:policy`, async (ctx) => {
    const { principal, organization } = await door.caller(ctx);
    const change = await readChange(ctx);
    ctx.body = showPolicy(await changePolicy(parts, principal, organization, parameterOf(ctx, 'policy'), change));
  });

  door.get(PINS, async (ctx) => {
    const { principal } = await door.caller(ctx);
    const page = pageOf(ctx);
    const { pins, total } = await listPins(parts, principal, parameterOf(ctx, 'policy'), page);
    ctx.body = { pins: pins.map(showPin), total, itemsPerPage: page.pageSize };
  });

  door.put(`${PINS}/:pin`, async (ctx) => {
    const { principal } = await door.caller(ctx);
    const { value } = await readMove(ctx);
    const place = { policyId: parameterOf(ctx, 'policy'), pinId: parameterOf(ctx, 'pin') };
    ctx.body = showPin(await movePin(parts, principal, place, value));
  });

  door.delete(`${PINS}/:pin`, async (ctx) => {
    const { principal } = await door.caller(ctx);
    await removePin(parts, principal, { policyId: parameterOf(ctx, 'policy'), pinId: parameterOf(ctx, 'pin') });
    ctx.status = 204;
  });
};

/** The contract's members, then ours. A file has no times. */
const showPolicy = ({ issuer: { policy, declared }, findings }: PolicyView) => ({
  id: policy.id,
  version: policy.version,
  ...(!declared && { created: writeTime(policy.created), modified: writeTime(policy.modified) }),
  policies: policy.document.policies,
  dialect: policy.document.dialect,
  mode: policy.document.mode,
  findings,
});

const showPin = ({ id, claim, name, idClaim, value, created, modified }: Pin) => ({
  id,
  claim,
  name,
  idClaim,
  value,
  created: writeTime(created),
  modified: writeTime(modified),
});
