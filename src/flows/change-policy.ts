import type { Organization } from '../access/organization.ts';
import type { Principal } from '../access/principal.ts';
import type { AuditLog } from '../audit/record.ts';
import { Refusal } from '../errors.ts';
import type { TrustedIssuer, TrustedIssuers } from '../issuers/trusted-issuer.ts';
import { findPolicyProblems } from '../policy/check.ts';
import { completeDefinitions, type DefinitionInFile } from '../policy/file.ts';
import type { Dialect, LintFinding, PolicyDocument, PolicyMode } from '../policy/policy.ts';
import { fingerprint } from '../secret.ts';
import { type Clock, epochSeconds } from '../system.ts';
import { administratorsOnly } from './administrators-only.ts';
import { refuseDeclared } from './change-issuer.ts';
import { findingsOn, type PolicyView, policyOf } from './read-trust.ts';
import { refuseProblems } from './register-issuer.ts';
import { actorOf, recordRefusals, refuseAndRecord } from './trace.ts';

export interface ChangePolicyParts {
  readonly clock: Clock;
  readonly audit: AuditLog;
  readonly issuers: TrustedIssuers;
  /** URLs of our own issuers, v1 and v2. */
  readonly ownIssuers: readonly string[];
}

/** The definitions, all of them; how they are read and whether they count stays as it was where it is absent. */
export interface PolicyChange {
  readonly policies: readonly DefinitionInFile[];
  readonly dialect?: Dialect;
  readonly mode?: PolicyMode;
}

/**
 * An administrator says what the tokens of a trusted issuer may be exchanged for. Contract section 3.2.
 *
 * Refused is what means nothing, and what would let every token in. Whatever else the linter points at is answered
 * with what was saved.
 */
export const changePolicy = async (
  parts: ChangePolicyParts,
  principal: Principal,
  organization: Organization,
  policyId: string,
  change: PolicyChange,
): Promise<PolicyView> => {
  const { audit, issuers } = parts;
  const trace = {
    kind: 'policy.change' as const,
    organization: organization.name,
    actor: actorOf(principal),
    detail: { policy: policyId.slice(0, 36) },
  };

  const { before, document, findings } = await recordRefusals(audit, trace, async () => {
    // 1. Who asks, and for which policy?
    administratorsOnly(principal, 'change a policy');
    const issuer = await policyOf(issuers, organization.name, policyId);
    refuseDeclared(issuer);

    // 2. Does every definition mean something, and does none of them let everybody in?
    const asked = documentOf(issuer.policy.document, change);
    const found = findingsOn(parts, issuer, asked, organization);
    refuseTooOpen(found);
    return { before: issuer, document: asked, findings: found };
  });

  // 3. The trace, then the change, where nobody else was faster.
  const now = epochSeconds(parts.clock);
  const policy = { ...before.policy, version: before.policy.version + 1, modified: now, document };
  const after: TrustedIssuer = { ...before, policy };
  await audit.record({
    ...trace,
    outcome: 'granted',
    detail: {
      ...trace.detail,
      issuer: before.issuer,
      version: policy.version,
      dialect: document.dialect,
      mode: document.mode,
      definitions: document.policies.length,
      // Proves, beside an exported document, that this is the one.
      document: fingerprint(JSON.stringify(document)),
    },
  });
  if ((await issuers.replace(before, after)) === 'conflict') {
    throw await refuseAndRecord(audit, trace, new Refusal('conflict'));
  }
  return { issuer: after, findings };
};

const documentOf = (before: PolicyDocument, { policies, dialect, mode }: PolicyChange): PolicyDocument => {
  if (policies.length === 0) {
    throw new Refusal('invalid_request', { problem: 'policies: policy definition can not be empty' });
  }
  const read = dialect ?? before.dialect;
  refuseProblems(findPolicyProblems(policies, read).map((found) => ({ ...found, at: ['policies', ...found.at] })));
  return { dialect: read, mode: mode ?? before.mode, policies: completeDefinitions(policies) };
};

const refuseTooOpen = (findings: readonly LintFinding[]): void => {
  const open = findings.find(({ severity }) => severity === 'refused');
  if (!open) return;
  const advice = open.suggestion === undefined ? '' : ` ${open.suggestion}`;
  throw new Refusal('policy_too_open', { problem: `${open.message}${advice}` });
};
