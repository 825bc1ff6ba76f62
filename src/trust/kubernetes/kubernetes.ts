import { reasonsOf, type Weighing } from '../denials.ts';
import type { RelyingParty } from '../recognise.ts';
import type { Presented, Reason, TrustDocument, Warning } from '../verdict.ts';
import { faultOf, type KubernetesTrust, kubernetesTrust, looksLikeKubernetes } from './document.ts';
import { ALL_ALGORITHMS, kubernetesDenials } from './evaluate.ts';
import { asConfiguration, flagsOf, looksLikeFlags } from './flags.ts';
import { lintKubernetes } from './lint.ts';

/** The Kubernetes API server: an `AuthenticationConfiguration`, or its flags `--oidc-…`. */
export const KUBERNETES: RelyingParty = {
  name: 'kubernetes',
  documents: "a Kubernetes AuthenticationConfiguration or the API server's --oidc flags",
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
  return {
    evaluate: (presented, ours) => {
      const reasons = reasonsOf(weighing, value, presented);
      const admits = (who: Presented): boolean => weighing.denials(trust, who).length === 0;
      return {
        allowed: reasons.length === 0,
        reasons,
        warnings: lintKubernetes(trust, presented, ours, admits),
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
  const { evaluate } = documentOf(asConfiguration(flags), flags.algorithms);
  return {
    evaluate: (presented, ours) => {
      const verdict = evaluate(presented, ours);
      return {
        ...verdict,
        reasons: verdict.reasons.map(flagReason),
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

const flagReason = (reason: Reason): Reason => {
  const condition = flagOf(reason.condition);
  const value = condition === '--oidc-required-claim' ? undefined : reason.presented;
  const isValue = ['--oidc-issuer-url', '--oidc-client-id'].includes(condition);
  const edit = isValue && value ? `Write ${condition}=${value}.` : inFlags(reason.edit);
  return { ...reason, condition, edit };
};

const inFlags = (edit: string): string =>
  edit
    .replace(/^Write claim: sub and requiredValue: "(.*)"\.$/, 'Write --oidc-required-claim=sub=$1.')
    .replace(/^Write requiredValue: "(.*)"\.$/, 'Write --oidc-required-claim=<claim>=$1.')
    .replace(/^Write claim: sub\.$/, 'Write --oidc-username-claim=sub.');

const flagWarning = (warning: Warning): Warning => ({ ...warning, condition: flagOf(warning.condition) });
