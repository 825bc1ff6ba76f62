import { OPERATIONS, type Operation, type Organization } from '../access/organization.ts';
import { type CloudSettings, TARGETS, type Target } from '../deployments/settings/cloud-settings.ts';
import type { KnownStack } from '../runs/directory.ts';
import type { Identified } from '../runs/run.ts';
import type { Draft } from '../tokens/draft.ts';
import type { SigningKey } from '../tokens/mint.ts';
import { draftForRun, impossibleAt, nextRunOf, type RunIssuer } from './draft-for-run.ts';

export interface WarningParts {
  readonly runIssuers: Readonly<Record<'v1' | 'v2', RunIssuer>>;
  signer(issuer: RunIssuer['name']): Pick<SigningKey, 'kid' | 'alg'> | undefined;
}

/** Why a run with these settings will not get where they lead, or what its cloud must be told. */
export interface SettingWarning {
  readonly target: Target;
  /** `subject`, `audience`, … of the token, or a field of the settings. */
  readonly field: string;
  readonly problem: string;
  /** As the token will have it. */
  readonly subject: string;
  readonly issuer: RunIssuer['name'];
  /** Absent: of all operations. */
  readonly operation?: Operation;
}

/** A stack as its owner and settings have it: enough to draft the tokens of its runs. */
export interface ConfiguredStack {
  readonly owner: Identified;
  readonly stack: KnownStack;
  readonly clouds: CloudSettings;
}

/** Nobody has started a run yet; its starter is in no subject. */
const NOBODY = '';

/**
 * Everything about these settings that no form shows: drafted as every operation's token would be, on both issuers.
 *
 * What is `impossible` at minting is here as well, so that nobody learns it from a run that fails at night.
 */
export const warningsAbout = (
  parts: WarningParts,
  organization: Organization,
  configured: ConfiguredStack,
): readonly SettingWarning[] => {
  const targets = TARGETS.filter((target) => configured.clouds[target === 'google' ? 'gcp' : target]);
  return targets.flatMap((target) =>
    Object.values(parts.runIssuers).flatMap((issuer) => {
      const drafts = OPERATIONS.map((operation) => {
        const run = nextRunOf(configured.owner, configured.stack, operation, NOBODY, configured.clouds);
        return { operation, run, draft: draftForRun(issuer, organization, run, { target }) };
      });
      const alg = parts.signer(issuer.name)?.alg;
      const impossible = drafts.flatMap(({ operation, run, draft }) =>
        impossibleAt(target, run, draft, alg).map(({ field, problem }) => ({
          field,
          problem,
          operation,
          subject: draft.sub,
        })),
      );
      const subjects = [...new Set(drafts.map(({ draft }) => draft.sub))];
      const hints = hintsAbout(target, issuer.name, configured.clouds, alg, subjects);
      const [subject = ''] = subjects;
      return [...impossible, ...hints.map((hint) => ({ ...hint, subject }))].map((found) => ({
        target,
        issuer: issuer.name,
        ...found,
      }));
    }),
  );
};

/** Microsoft Entra: federated identity credentials of one application or identity. */
const MAX_CREDENTIALS = 20;

/** What can work, and mostly does not at first. Said once: of v1, which is what runs ask unless they are told otherwise. */
const hintsAbout = (
  target: Target,
  issuer: RunIssuer['name'],
  { azure }: CloudSettings,
  alg: string | undefined,
  subjects: readonly Draft['sub'][],
): readonly { readonly field: string; readonly problem: string }[] => {
  if (target === 'vault' && alg !== undefined && alg !== 'RS256') {
    return [{ field: 'algorithm', problem: `is ${alg}; Vault takes RS256 unless jwt_supported_algs lists more` }];
  }
  if (target !== 'azure' || issuer !== 'v1') return [];
  const missing = (['clientId', 'tenantId'] as const).filter((field) => azure?.[field] === undefined);
  return [
    ...missing.map((field) => ({ field, problem: 'is not set, and nobody can sign in without it' })),
    ...(subjects.length > 1
      ? [
          {
            field: 'subject',
            problem: `differs by operation, and Microsoft Entra matches it exactly: ${subjects.length} of the ${MAX_CREDENTIALS} credentials that an application may have; the file of the organization can shorten it`,
          },
        ]
      : []),
  ];
};
