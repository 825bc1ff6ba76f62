import type { CloudSettings, Target } from './cloud-settings.ts';
import { problemWithResolvedName, resolveSessionName, type SessionNames } from './session-name.ts';

/** What a target looks at of a token before it believes it. */
export interface TargetToken {
  readonly sub: string;
  readonly aud: string;
  /** Absent: nobody knows yet which key will sign. */
  readonly alg?: string;
  /** Characters of the whole token, at most. */
  readonly length: number;
}

/** Why no token of this kind can work at a target. */
export interface TargetProblem {
  readonly field: 'subject' | 'audience' | 'algorithm' | 'length' | 'sessionName' | 'sourceIdentity';
  /** A sentence without its beginning. */
  readonly problem: string;
}

type Limits = (token: TargetToken, clouds: CloudSettings, run: SessionNames) => readonly (TargetProblem | undefined)[];

/** AWS STS API reference: 4 to 20,000 characters; a client id of an identity provider has at most 255. */
const ofAws: Limits = ({ aud, length }, { aws }, run) => [
  most('audience', aud.length, 255, 'characters; AWS takes'),
  most('length', length, 20_000, 'characters; AWS takes'),
  ...(aws === undefined
    ? []
    : [
        resolved('sessionName', aws.sessionName, run),
        aws.sourceIdentity === undefined ? undefined : resolved('sourceIdentity', aws.sourceIdentity, run),
      ]),
];

/** Microsoft Graph, federatedIdentityCredential: 600 characters each, RS256 only. */
const ofAzure: Limits = ({ sub, aud, alg }) => [
  most('subject', sub.length, 600, 'characters; Microsoft Entra takes'),
  most('audience', aud.length, 600, 'characters; Microsoft Entra takes'),
  alg === undefined || alg === 'RS256'
    ? undefined
    : { field: 'algorithm', problem: `is ${alg}; Microsoft Entra takes RS256 only` },
];

/** Google Cloud IAM, workload identity federation: 127 bytes of `google.subject`, 256 characters of an audience. */
const ofGoogle: Limits = ({ sub, aud }, { gcp }) => [
  gcp?.mapsSubject
    ? undefined
    : most('subject', Buffer.byteLength(sub), 127, 'bytes; Google takes', ' as google.subject'),
  most('audience', aud.length, 256, 'characters; Google takes'),
];

/** Vault reads whatever its role tells it to. */
const ofVault: Limits = () => [];

const LIMITS: Readonly<Record<Target, Limits>> = { aws: ofAws, azure: ofAzure, google: ofGoogle, vault: ofVault };

/** Everything of a target's limits that this token does not keep. */
export const problemsAtTarget = (
  target: Target,
  token: TargetToken,
  clouds: CloudSettings,
  run: SessionNames,
): readonly TargetProblem[] => LIMITS[target](token, clouds, run).filter((problem) => problem !== undefined);

const most = (
  field: TargetProblem['field'],
  size: number,
  limit: number,
  unit: string,
  as = '',
): TargetProblem | undefined => (size > limit ? { field, problem: `has ${size} ${unit} ${limit}${as}` } : undefined);

const resolved = (
  field: 'sessionName' | 'sourceIdentity',
  template: string,
  run: SessionNames,
): TargetProblem | undefined => {
  const problem = problemWithResolvedName(resolveSessionName(template, run));
  return problem === undefined ? undefined : { field, problem };
};
