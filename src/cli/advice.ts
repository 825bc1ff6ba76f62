import type { IdToken } from '../runner/id-token.ts';
import type { Advise } from '../runner/refused-credentials.ts';
import type { Advice } from '../runner/steps.ts';
import type { TargetName, Targets } from '../runner/targets.ts';
import { checksAt } from '../runner/trust-checks.ts';
import { presentHeld, readHeldToken, sideOfHeld } from '../trust/held-token.ts';
import type { Recognised } from '../trust/recognise.ts';
import { shellWord } from './shell-word.ts';

/** A run whose tokens clouds may refuse. */
export interface AdvisedRun {
  readonly id: string;
  readonly organization: string;
  readonly issuer: 'v1' | 'v2';
  readonly targets: Targets;
}

/**
 * What to do where a cloud refuses a token of a run: from its settings, the token, and trust documents that somebody
 * has at hand. No token and no key stands in it.
 */
export const adviseAbout =
  (run: AdvisedRun, documents: readonly Recognised[] = []): Advise =>
  (target, token) => {
    const held = documents.filter(({ party }) => party === target);
    return {
      checks: checksAt(target, run.targets, token),
      ask: `${documentCommand(target, run.targets)} | ${explainCommand(run, token)}`,
      ...(held.length > 0 && { reasons: held.flatMap(({ document }) => reasonsFor(document, token)) }),
    };
  };

const reasonsFor = (document: Recognised['document'], { text }: IdToken): NonNullable<Advice['reasons']> => {
  const token = readHeldToken(text.reveal());
  if (!token) return [];
  const presented = presentHeld(token);
  const { allowed, reasons } = document.evaluate(presented, sideOfHeld(presented));
  if (allowed) return ['It admits this token: the cloud has another one.'];
  return reasons.map(({ code, condition, edit }) => `${code} at ${condition || 'the document'}: ${edit}`);
};

const explainCommand = ({ id, organization, issuer }: AdvisedRun, { aud }: IdToken): string =>
  `runpass trust explain - --org ${shellWord(organization)} --run ${id} --issuer ${issuer} --audience ${shellWord(aud)}`;

/** Prints the cloud's document; whoever runs it needs rights of their own there. */
const documentCommand = (target: TargetName, { aws, azure, google, vault }: Targets): string => {
  switch (target) {
    case 'aws':
      return `aws iam get-role --role-name ${shellWord(aws?.roleArn.split('/').at(-1) ?? 'ROLE')}`;
    case 'azure':
      return `az ad app federated-credential list --id ${shellWord(azure?.clientId ?? 'CLIENT_ID')}`;
    case 'google': {
      const { project, pool, provider } = google?.provider ?? { project: 'N', pool: 'POOL', provider: 'PROVIDER' };
      return `gcloud iam workload-identity-pools providers describe ${shellWord(provider)} --project ${shellWord(project)} --location global --workload-identity-pool ${shellWord(pool)} --format json`;
    }
    case 'vault':
      return `vault read -format=json ${shellWord(`auth/${vault?.mount ?? 'jwt'}/role/${vault?.role ?? 'ROLE'}`)}`;
  }
};
