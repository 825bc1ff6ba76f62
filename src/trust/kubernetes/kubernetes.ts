import { reasonsOf, type Weighing } from '../denials.ts';
import type { RelyingParty } from '../recognise.ts';
import { beside } from '../remarks.ts';
import type { Presented, Reason, TrustDocument, Warning } from '../verdict.ts';
import { faultOf, type KubernetesTrust, kubernetesTrust, looksLikeKubernetes } from './document.ts';
import { ALL_ALGORITHMS, kubernetesDenials } from './evaluate.ts';
import { asConfiguration, type Flags, flagsOf, looksLikeFlags } from './flags.ts';
import { lintKubernetes } from './lint.ts';

/** The Kubernetes API server: an `AuthenticationConfiguration`, or its flags `--oidc-…`. */
export const KUBERNETES: RelyingParty = {
  name: 'kubernetes',
  documents: 'a Kubernetes AuthenticationConfiguration or its --oidc flags',
  recognises: looksLikeKubernetes,
  read: (written) =>
    faultOf(written) ??
    (looksLikeFlags(written.value) ? ofFlags(written.value) : documentOf(written.value, ALL_ALGORITHMS)),
};

const documentOf = (value: unknown, algorithms: readonly string[]): TrustDocument => {
  const trust = kubernetesTrust(value);
  const weighing: Weighing<KubernetesTrust> = {
    model: kubernetesTrust,
    denials: (model, presented) => kubernetesDenials(model, presented, algorithms),
  };
  const admits = (who: Presented): boolean => weighing.denials(trust, who).length === 0;
  return {
    admits,
    evaluate: (presented, ours) => {
      const reasons = reasonsOf(weighing, value, presented);
      return {
        allowed: reasons.length === 0,
        reasons,
        warnings: beside(reasons, lintKubernetes(trust, presented, ours, admits)),
        assumptions: [
          'Who may do what in the cluster is for its own bindings (RBAC): here is only decided who the bearer is.',
        ],
      };
    },
  };
};

/** Flags are weighed as the configuration that says the same, and their places are named as flags again. */
const ofFlags = (value: unknown): TrustDocument => {
  const flags = flagsOf(value);
  const { evaluate, admits } = documentOf(asConfiguration(flags), flags.algorithms);
  return {
    admits,
    evaluate: (presented, ours) => {
      const verdict = evaluate(presented, ours);
      return {
        ...verdict,
        reasons: verdict.reasons.map((reason) => flagReason(reason, flags)),
        warnings: verdict.warnings.map(flagWarning),
      };
    },
  };
};

const FLAGS: readonly (readonly [place: string, flag: string])[] = [
  ['jwt[0].issuer.url', '--oidc-issuer-url'],
  ['jwt[0].issuer.audiences', '--oidc-client-id'],
  ['jwt[0].claimMappings.username.prefix', '--oidc-username-prefix'],
  ['jwt[0].claimMappings.username', '--oidc-username-claim'],
  ['jwt[0].claimMappings.groups.prefix', '--oidc-groups-prefix'],
  ['jwt[0].claimMappings.groups', '--oidc-groups-claim'],
  ['jwt[0].claimValidationRules', '--oidc-required-claim'],
];

const flagOf = (condition: string): string => FLAGS.find(([place]) => condition.startsWith(place))?.[1] ?? condition;

/** The same edit, to a flag. */
const flagReason = (reason: Reason, flags: Flags): Reason => {
  const condition = flagOf(reason.condition);
  return { ...reason, condition, edit: flagEdit(condition, reason, flags) };
};

const flagEdit = (flag: string, { condition, edit, presented }: Reason, { requiredClaims }: Flags): string => {
  switch (flag) {
    case '--oidc-issuer-url':
    case '--oidc-client-id':
      return `Write ${flag}=${presented}.`;
    case '--oidc-username-claim':
      return `Write ${flag}=sub.`;
    case '--oidc-groups-claim':
    case '--oidc-groups-prefix':
      return `Leave ${flag} out.`;
    case '--oidc-required-claim': {
      const [, index] = /claimValidationRules\[(\d+)\]/.exec(condition) ?? [];
      const [, sub, value] = /^Write (?:claim: (sub) and )?requiredValue: "(.*)"\.$/.exec(edit) ?? [];
      return `Write ${flag}=${sub ?? requiredClaims[Number(index)]?.[0]}=${value}.`;
    }
    default:
      return edit;
  }
};

const flagWarning = (warning: Warning): Warning => ({ ...warning, condition: flagOf(warning.condition) });
