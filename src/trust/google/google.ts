import { callsOf } from '../cel-checks.ts';
import { reasonsOf, type Weighing } from '../denials.ts';
import type { RelyingParty } from '../recognise.ts';
import { beside } from '../remarks.ts';
import type { Presented, TrustDocument } from '../verdict.ts';
import { admission, defaultAudiences } from './admission.ts';
import { bindings, mayImpersonate } from './bindings.ts';
import { faultOf, type GoogleTrust, googleTrust, looksLikeGoogle } from './document.ts';
import { lintGoogle } from './lint.ts';
import { condition, mapped, mappingForm } from './mapping.ts';
import type { GoogleDenial } from './reasons.ts';

/** Google Cloud: a provider of a workload identity pool, and the IAM policy of a service account beside it. */
export const GOOGLE: RelyingParty = {
  name: 'google',
  documents: 'a provider of a Google workload identity pool',
  recognises: looksLikeGoogle,
  read: (written) => faultOf(written) ?? documentOf(written.value),
};

const documentOf = (value: unknown): TrustDocument => {
  const trust = googleTrust(value);
  const admits = (who: Presented): boolean => googleDenials(trust, who).length === 0;
  return {
    admits,
    evaluate: (presented, ours) => {
      const reasons = reasonsOf(GOOGLE_WEIGHING, value, presented);
      return {
        allowed: reasons.length === 0,
        reasons,
        warnings: beside(reasons, lintGoogle(trust, presented, ours, admits)),
        assumptions: assumptions(trust),
      };
    },
  };
};

/** Why Google refuses, in the order in which it looks. */
const googleDenials = (trust: GoogleTrust, presented: Presented): readonly GoogleDenial[] => {
  const form = mappingForm(trust, presented);
  const before = admission(trust, presented);
  const { values, denials } = mapped(trust, presented);
  const known = [...form, ...before, ...denials];
  const decided = condition(trust, presented, values);
  // What failed to be mapped is missing in conditions and bindings, too: one mistake is named once.
  return denials.length > 0 ? known : [...known, ...decided, ...bindings(trust, values)];
};

const GOOGLE_WEIGHING: Weighing<GoogleTrust> = { model: googleTrust, denials: googleDenials };

const assumptions = (trust: GoogleTrust): readonly string[] => {
  const expressions = [...trust.mappings, ...(trust.condition ? [trust.condition] : [])];
  const called = expressions.flatMap(({ compiled }) =>
    'problem' in compiled ? [] : callsOf(compiled.whole).flatMap(({ name }) => name ?? []),
  );
  const undocumented = ['trim', 'charAt', 'indexOf', 'lastIndexOf'].filter((name) => called.includes(name));
  const granting = (trust.bindings ?? []).filter(({ role }) => mayImpersonate(role));
  return [
    ...(trust.bindings ? [] : ['The service account, or what is granted to the pool directly, admits the principal.']),
    ...(trust.audiences.length === 0 && !defaultAudiences(trust)
      ? ["The token's audience is the provider's own name."]
      : []),
    ...granting
      .filter(({ conditional }) => conditional)
      .map(({ role }) => `The condition on the binding of ${role} is met.`),
    ...granting
      .filter(({ role }) => !role.startsWith('roles/'))
      .map(({ role }) => `${role} holds iam.serviceAccounts.getAccessToken.`),
    ...undocumented.map((name) => `Google evaluates ${name}(), of which its pages do not speak.`),
  ];
};
