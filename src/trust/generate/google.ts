import { compile } from '../cel.ts';
import { FUNCTIONS } from '../google/document.ts';
import { MAPPING_LIMITS } from '../google/mapping.ts';
import { celOf } from './cel-tests.ts';
import type { Assignment, Generator, NotGenerated } from './generated.ts';
import { command, json } from './quote.ts';
import { isPattern } from './scope.ts';

const IMPERSONATES = 'roles/iam.workloadIdentityUser';

/** A provider with a condition on every claim that tells the scope apart, and who may become the service account. */
export const generateGoogle: Generator = (assignment) => {
  const document = googleDocument(assignment);
  if ('problem' in document) return document;
  const { signed, issuer, input } = assignment;
  const { provider, policy } = document;
  const [pool, id, project] = [input('googlePool'), input('googleProvider'), input('googleProject')];
  const pools = ['gcloud', 'iam', 'workload-identity-pools'];
  const at = [`--project=${project}`, '--location=global'];
  const keys = input('googleKeys');
  const settings = [
    `--workload-identity-pool=${pool}`,
    `--issuer-uri=${issuer}`,
    `--allowed-audiences=${list([signed.audience])}`,
    `--attribute-mapping=${list(Object.entries(provider.attributeMapping).map(([name, of]) => `${name}=${of}`))}`,
    `--attribute-condition=${provider.attributeCondition}`,
    ...(keys === '' ? [] : [`--jwk-json-path=${keys}`]),
  ];
  const member = policy.bindings[0]?.members[0] ?? '';
  return {
    document,
    files: [{ name: 'google-trust.json', content: json(document), format: 'json' }],
    install: [
      `${command(...pools, 'describe', pool, ...at)} || ${command(...pools, 'create', pool, ...at)}`,
      `${command(...pools, 'providers', 'create-oidc', id, ...at, ...settings)} || ${command(...pools, 'providers', 'update-oidc', id, ...at, ...settings)}`,
      command(
        'gcloud',
        'iam',
        'service-accounts',
        'add-iam-policy-binding',
        input('googleServiceAccount'),
        `--project=${project}`,
        `--role=${IMPERSONATES}`,
        `--member=${member}`,
        // Without it gcloud asks back where the policy has a conditional binding, and fails where nobody answers.
        '--condition=None',
      ),
    ],
    warnings: ['Google takes up to five minutes to follow a change.'],
  };
};

/**
 * A list as gcloud takes it in one flag: an entry with a comma wants another delimiter (`gcloud topic escaping`).
 * Nothing here ever holds `<>`.
 */
const list = (entries: readonly string[]): string =>
  entries.some((entry) => /[,^]/.test(entry)) ? `^<>^${entries.join('<>')}` : entries.join(',');

/** The provider as `gcloud … providers describe` prints it, beside the policy of the service account. */
export const googleDocument = (assignment: Assignment) => {
  const { admission, signed, issuer, input } = assignment;
  // One provider of the pool has this id, so nobody that another provider lets in has this attribute.
  const scope = input('googleProvider');
  const subject = mappedSubject(assignment);
  if ('problem' in subject) return subject;
  const pool = `projects/${input('googleProjectNumber')}/locations/global/workloadIdentityPools/${input('googlePool')}`;
  const one = admission.subjects.length === 1 && !admission.subjects.some(isPattern) ? subject.values[0] : undefined;
  const member =
    one === undefined
      ? `principalSet://iam.googleapis.com/${pool}/attribute.scope/${scope}`
      : `principal://iam.googleapis.com/${pool}/subject/${one}`;
  return {
    provider: {
      name: `${pool}/providers/${input('googleProvider')}`,
      oidc: { issuerUri: issuer, allowedAudiences: [signed.audience] },
      attributeMapping: {
        'google.subject': subject.expression,
        ...(one === undefined && { 'attribute.scope': `"${scope}"` }),
      },
      attributeCondition: celOf('assertion', admission.claims),
    },
    policy: { bindings: [{ role: IMPERSONATES, members: [member] }] },
  };
};

/** `google.subject` takes 127 bytes: of longer subjects what is the same in all of them is left out. */
const mappedSubject = ({
  within,
  facts,
}: Assignment): { readonly expression: string; readonly values: readonly string[] } | NotGenerated => {
  const prefix = facts.subjectPrefix;
  const candidates = [
    'assertion.sub',
    `assertion.sub.extract("${prefix}:deploy:org:{subject}:scope:write")`,
    `assertion.sub.extract("${prefix}:deploy:org:{subject}")`,
    'assertion.stackId + ":" + assertion.operation',
    'assertion.stackId',
  ];
  for (const expression of candidates) {
    const compiled = compile(expression, ['assertion'], FUNCTIONS);
    if ('problem' in compiled) continue;
    const values = within.map(({ presented }) => {
      const evaluation = compiled.evaluate({ assertion: presented.claims });
      return 'value' in evaluation ? String(evaluation.value) : '';
    });
    if (values.every((value) => value !== '' && Buffer.byteLength(value) <= MAPPING_LIMITS.subjectBytes)) {
      return { expression, values: [...new Set(values)] };
    }
  }
  return {
    problem: `Google takes ${MAPPING_LIMITS.subjectBytes} bytes of a subject, and these names are longer: let the organization shorten its subjects (docs/organizations.md).`,
  };
};
