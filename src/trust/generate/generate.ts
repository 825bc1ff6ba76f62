import { type Proof, proveDocument, type Sees } from '../prove.ts';
import { recognise } from '../recognise.ts';
import { isUnusable } from '../verdict.ts';
import { admissionOf, canBeOpen } from './admission.ts';
import { defaultAudience } from './audience.ts';
import { generateAws } from './aws.ts';
import { generateAzure } from './azure.ts';
import { casesOf } from './cases.ts';
import { documentName } from './document-name.ts';
import {
  type Assignment,
  type CheckedBy,
  type GeneratedFor,
  type GeneratedTrust,
  type Generator,
  isNotGenerated,
  type NotGenerated,
  type TrustRequest,
} from './generated.ts';
import { generateGoogle } from './google.ts';
import { type InputName, readInputs } from './inputs.ts';
import { generateKubernetes } from './kubernetes.ts';
import { generatePulumi } from './pulumi.ts';
import { command, json } from './quote.ts';
import { type OrganizationFacts, scopeText, type TrustScope } from './scope.ts';
import { generateBicep, generateCloudFormation } from './templates.ts';
import { generateTerraform } from './terraform.ts';
import { generateVault } from './vault.ts';

const INPUTS_OF: Readonly<Record<CheckedBy, readonly InputName[]>> = {
  aws: ['awsAccount', 'awsRole'],
  azure: ['azureApp'],
  google: [
    'googleProject',
    'googleProjectNumber',
    'googlePool',
    'googleProvider',
    'googleServiceAccount',
    'googleKeys',
  ],
  vault: ['vaultMount', 'vaultRole', 'vaultPolicies'],
  kubernetes: ['kubernetesNamespace', 'kubernetesRole'],
};

interface Target {
  readonly checkedBy: CheckedBy;
  readonly generator: Generator;
  readonly inputs: readonly InputName[];
}

const ofCloud = (checkedBy: CheckedBy, generator: Generator): Target => ({
  checkedBy,
  generator,
  inputs: INPUTS_OF[checkedBy],
});

/** What stands in a configuration is made by nobody else: somebody has to say what is there already. */
const asConfiguration = (target: Target): Target =>
  target.checkedBy === 'aws' ? { ...target, inputs: [...target.inputs, 'awsProvider'] } : target;

const TARGETS: Readonly<Record<GeneratedFor, (cloud: CheckedBy) => Target>> = {
  aws: () => ofCloud('aws', generateAws),
  azure: () => ofCloud('azure', generateAzure),
  google: () => ofCloud('google', generateGoogle),
  vault: () => ofCloud('vault', generateVault),
  kubernetes: () => ofCloud('kubernetes', generateKubernetes),
  terraform: (cloud) => asConfiguration(ofCloud(cloud, generateTerraform(cloud))),
  pulumi: (cloud) => asConfiguration(ofCloud(cloud, generatePulumi(cloud))),
  cloudformation: () => asConfiguration(ofCloud('aws', generateCloudFormation)),
  bicep: () => ({ checkedBy: 'azure', generator: generateBicep, inputs: ['azureIdentity', 'azureGroup'] }),
};

/** Of an entry in a provider's list. IAM API reference, "CreateOpenIDConnectProvider". */
const LONGEST_AWS_AUDIENCE = 255;

/** How much of a token each relying party sees. */
export const seenBy = (party: CheckedBy): Sees => (party === 'aws' || party === 'azure' ? 'subject' : 'claims');

/**
 * Writes the trust document for a scope, and proves it: nothing that was not seen to admit everybody in scope, and to
 * refuse everybody beyond, is given out.
 *
 * A pattern of stacks becomes a pattern where the relying party has them and that can be proved; else it is made of the
 * stacks that exist, and a warning says so.
 */
export const generateTrust = (request: TrustRequest, facts: OrganizationFacts): GeneratedTrust | NotGenerated => {
  const { target, cloud = 'aws', scope, issuer } = request;
  const { checkedBy, generator, inputs } = TARGETS[target](cloud);
  const name = documentName(facts, request);
  const input = readInputs(inputs, request.inputs, name);
  if ('problem' in input) return input;
  if (issuer === 'v2' && scope.kind === 'environment' && scope.attributes.length > 0) {
    return { problem: 'Subjects of v2 have no attributes, so nothing could ask for them: leave out --attribute.' };
  }
  const audience = request.audience ?? defaultAudience(checkedBy, request, facts, input);
  if (checkedBy === 'aws' && audience.length > LONGEST_AWS_AUDIENCE) {
    return { problem: `AWS takes no audience of more than ${LONGEST_AWS_AUDIENCE} characters: shorten --audience.` };
  }
  const mayBeOpen =
    checkedBy !== 'azure' &&
    !(checkedBy === 'vault' && scope.kind === 'runs' && /\?/.test(scope.project + scope.stack)) &&
    canBeOpen(scope, { issuer, audience }, seenBy(checkedBy));
  let last: NotGenerated = { problem: `Nothing in ${facts.organization} is ${scopeText(scope)}, as far as is known.` };
  for (const open of mayBeOpen ? [true, false] : [false]) {
    const signed = { issuer, audience };
    const cases = casesOf(scope, facts, signed, open);
    if (cases.within.length === 0) continue;
    const admission = admissionOf(scope, facts, signed, cases, open);
    const assignment: Assignment = {
      facts,
      scope,
      signed,
      issuer: facts.issuers[issuer],
      admission,
      within: cases.within,
      name,
      input,
    };
    const written = generator(assignment);
    if (isNotGenerated(written)) {
      last = written;
      continue;
    }
    const document = json(written.document);
    const recognised = recognise(document);
    if (isUnusable(recognised)) return { problem: `The document ${recognised.problem}.` };
    const proof = proveDocument(recognised.document, cases, facts, seenBy(checkedBy));
    if (!proof.proved) {
      last = { problem: `No document could be proved. ${firstError(proof)}` };
      continue;
    }
    return {
      target,
      checkedBy,
      scope: scopeText(scope),
      issuer: assignment.issuer,
      audience,
      files: written.files,
      install: written.install,
      test: testCommand(request, facts, audience, cases.within[0]?.name ?? ''),
      document,
      admits: proof.admitted,
      refuses: proof.refused,
      warnings: [
        ...(written.warnings ?? []),
        ...(isClosed(scope, open)
          ? ['It names the stacks that exist: generate it again for those that come later.']
          : []),
        ...proof.findings.map(({ text }) => text),
      ],
    };
  }
  return last;
};

const firstError = ({ findings }: Proof): string => findings.find(({ level }) => level === 'error')?.text ?? '';

const isClosed = (scope: TrustScope, open: boolean): boolean =>
  !open && scope.kind === 'runs' && /[*?]/.test(scope.project + scope.stack);

/** Environments whose logins name who opens them are proved again: nobody can be explained as somebody else. */
const testCommand = (
  { scope, issuer }: TrustRequest,
  { organization }: OrganizationFacts,
  audience: string,
  first: string,
): string => {
  const [stack = '', operation = ''] = first.split(' ');
  const [, project = '', name = ''] = stack.split('/');
  const attributes = scope.kind === 'runs' ? [] : scope.attributes;
  const who =
    scope.kind === 'runs'
      ? ['--project', project, '--stack', name, '--operation', operation]
      : ['--environment', `${scope.project}/${scope.environment}`];
  const more = attributes.flatMap(({ attribute, value }) => [
    '--attribute',
    value === undefined ? attribute : `${attribute}=${value}`,
  ]);
  return command(
    ...['runpass', 'trust', attributes.length === 0 ? 'explain' : 'verify', 'trust.json'],
    ...['--org', organization, ...who, ...more, '--issuer', issuer, '--audience', audience],
  );
};
