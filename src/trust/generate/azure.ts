import type { Assignment, Generator, NotGenerated } from './generated.ts';
import { command, json } from './quote.ts';
import { isPattern } from './scope.ts';

/** Microsoft Entra: "Important considerations for federated identity credentials". */
const MOST_CREDENTIALS = 20;

export interface Credential {
  readonly name: string;
  readonly issuer: string;
  readonly subject: string;
  readonly audiences: readonly [string];
}

/** One credential for each subject, as Entra compares every character. */
export const generateAzure: Generator = (assignment) => {
  const credentials = azureCredentials(assignment);
  if ('problem' in credentials) return credentials;
  const app = assignment.input('azureApp');
  const files = credentials.map((credential) => ({
    name: `${credential.name}.json`,
    content: json(credential),
    format: 'json' as const,
  }));
  const about = ['az', 'ad', 'app', 'federated-credential'];
  return {
    document: credentials,
    files,
    // An update must not hold the name, which cannot be changed.
    install: credentials.map(
      ({ name, ...changeable }) =>
        `${command(...about, 'create', '--id', app, '--parameters', `${name}.json`)} || ${command(...about, 'update', '--id', app, '--federated-credential-id', name, '--parameters', JSON.stringify(changeable))}`,
    ),
  };
};

export const azureCredentials = ({
  admission,
  issuer,
  signed,
  name,
}: Assignment): readonly Credential[] | NotGenerated => {
  const { subjects } = admission;
  const open = subjects.find(isPattern);
  if (open !== undefined) {
    return { problem: `Entra compares whole subjects, and ${open} is open: give every attribute its value.` };
  }
  if (subjects.length > MOST_CREDENTIALS) {
    return {
      problem: `These would be ${subjects.length} credentials, and an application takes ${MOST_CREDENTIALS}: name fewer stacks or operations, or let the organization shorten its subjects (docs/organizations.md).`,
    };
  }
  return subjects.map((subject, at) => ({
    name: subjects.length === 1 ? name : `${name}-${at + 1}`,
    issuer,
    subject,
    audiences: [signed.audience],
  }));
};
