import type { IdToken } from './id-token.ts';
import type { TargetName, Targets } from './targets.ts';

/**
 * What must hold at a cloud for it to take a token: a sentence each, with the values that must stand there.
 *
 * From the settings of the stack and the token alone; nobody is asked.
 */
export const checksAt = (target: TargetName, targets: Targets, token: IdToken): readonly string[] =>
  CHECKS[target](targets, token);

type Checks = (targets: Targets, token: IdToken) => readonly string[];

const CHECKS: Readonly<Record<TargetName, Checks>> = {
  aws: ({ aws }, { iss, aud, sub }) => {
    const key = iss.replace(/^https?:\/\//, '');
    return [
      `The account of ${aws?.roleArn ?? 'the role'} has an identity provider with the URL ${iss}, and "${aud}" is in its client ID list.`,
      `The role's trust policy names oidc-provider/${key} as Principal.Federated and allows sts:AssumeRoleWithWebIdentity; where the settings ask for tags or a source identity, also sts:TagSession and sts:SetSourceIdentity.`,
      `Its conditions admit "${key}:aud" = ${aud} and "${key}:sub" = ${sub}.`,
      `The role's longest session is ${aws?.durationSeconds ?? 3600} seconds or more.`,
    ];
  },
  azure: ({ azure }, { iss, aud, sub }) => [
    `A federated credential of ${azure?.clientId ?? 'the application'} has, byte for byte, the issuer ${iss}, the subject ${sub} and the audience ${aud}.`,
    'It was made some minutes ago: Entra needs them to take effect.',
  ],
  google: ({ google }, { iss, aud, sub }) => {
    const { project, pool, provider } = google?.provider ?? { project: 'N', pool: 'POOL', provider: 'PROVIDER' };
    return [
      `The provider ${provider} of the pool ${pool} in project ${project} has the issuer ${iss}, allows the audience ${aud}, and is not disabled.`,
      `Its attribute condition is met by sub ${sub}.`,
      `${google?.serviceAccount ?? 'The service account'} grants roles/iam.workloadIdentityUser to principal://iam.googleapis.com/projects/${project}/locations/global/workloadIdentityPools/${pool}/subject/${sub}, or to a set that holds it.`,
    ];
  },
  vault: ({ vault }, { iss, aud, sub }) => [
    `auth/${vault?.mount ?? 'jwt'}/config has the issuer ${iss} as oidc_discovery_url or bound_issuer.`,
    `auth/${vault?.mount ?? 'jwt'}/role/${vault?.role ?? 'ROLE'} has role_type jwt and "${aud}" in bound_audiences.`,
    `Its bound_subject and bound_claims admit sub ${sub}; globs need bound_claims_type glob.`,
  ],
};
