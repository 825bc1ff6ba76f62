import { applyChanges } from '../edits.ts';
import type { RelyingParty } from '../recognise.ts';
import { isSafe } from '../safe.ts';
import { isUnusable, type OurSide, type Presented, type TrustDocument, type Verdict } from '../verdict.ts';
import { type EntraTrust, isEntraDocument, readCredentials, readEntraDocument } from './document.ts';
import { evaluateEntra } from './evaluate.ts';
import { lintEntra } from './lint.ts';

/** Microsoft Entra: federated identity credentials of an application or a managed identity. */
export const ENTRA: RelyingParty = {
  name: 'azure',
  documents: 'credentials of Microsoft Entra',
  recognises: isEntraDocument,
  read: (written) => {
    const trust = readEntraDocument(written);
    return isUnusable(trust) ? trust : entraDocument(trust);
  },
};

const entraDocument = (trust: EntraTrust): TrustDocument => ({
  evaluate: (presented, ours) => verdictOf(trust, presented, ours),
  admits: (presented) => admits(trust, presented).allowed,
});

const verdictOf = (trust: EntraTrust, presented: Presented, ours: OurSide): Verdict => {
  const findings = evaluateEntra(trust, presented);
  const changes = findings.flatMap((finding) => finding.changes);
  const edited = applyChanges(trust.source, changes);
  const safe =
    Array.isArray(edited) && isSafe(admits, readCredentials(edited, trust.places, trust.complete), presented, trust);
  const named = new Set(findings.map(({ code, condition }) => `${code} ${condition}`));
  return {
    allowed: findings.length === 0,
    reasons: findings.map(({ changes: made, ...reason }) => ({ ...reason, safe: safe && made.length > 0 })),
    warnings: lintEntra(trust, presented, ours).filter(({ code, condition }) => !named.has(`${code} ${condition}`)),
    assumptions: [
      'What asks for the token of Entra names the application or managed identity that these credentials belong to.',
      ...(trust.complete ? [] : ['The application has no other credential that admits the token.']),
    ],
  };
};

const admits = (trust: EntraTrust, presented: Presented): Pick<Verdict, 'allowed'> => ({
  allowed: evaluateEntra(trust, presented).length === 0,
});
