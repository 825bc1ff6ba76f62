/** What only the account knows into which a document goes. */
interface Input {
  readonly flag: string;
  /** The end of "needs". */
  readonly what: string;
  readonly form: RegExp;
  /** Absent: must be given; `name`: the document's own name. */
  readonly otherwise?: string;
}

/** Stands for the document's own name, which is made of its scope. */
const NAME = '<name>';

/** Google keeps `gcp-` for itself. */
const GOOGLE_ID = /^(?!gcp-)[a-z0-9][a-z0-9-]{3,31}$/;

const WORD = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** Flags are those of `runpass trust generate`; the names stand in requests of the API. */
export const INPUTS = {
  awsAccount: { flag: '--aws-account', what: 'the number of the AWS account, 12 digits', form: /^\d{12}$/ },
  awsRole: { flag: '--aws-role', what: 'a name of a role', form: /^[\w+=,.@-]{1,64}$/, otherwise: NAME },
  awsProvider: {
    flag: '--aws-provider',
    what: '"make", or "existing" where the account has the identity provider of the issuer',
    form: /^(?:make|existing)$/,
    otherwise: 'make',
  },
  azureApp: {
    flag: '--azure-app',
    what: 'the application (client) id of the Entra application',
    form: /^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/,
  },
  azureIdentity: { flag: '--azure-identity', what: 'the name of the user-assigned managed identity', form: WORD },
  azureGroup: { flag: '--azure-resource-group', what: 'the resource group of the identity', form: /^[\w().-]{1,90}$/ },
  googleProject: {
    flag: '--google-project',
    what: 'the id of the Google project',
    form: /^[a-z][a-z0-9-]{4,28}[a-z0-9]$/,
  },
  googleProjectNumber: {
    flag: '--google-project-number',
    what: 'the number of the Google project',
    form: /^\d{1,20}$/,
  },
  googlePool: {
    flag: '--google-pool',
    what: 'an id of a pool, 4 to 32 of a-z, 0-9 and -, without gcp- or - before it',
    form: GOOGLE_ID,
    otherwise: 'runpass',
  },
  googleProvider: {
    flag: '--google-provider',
    what: 'an id of a provider, 4 to 32 of a-z, 0-9 and -, without gcp- or - before it',
    form: GOOGLE_ID,
    otherwise: NAME,
  },
  googleServiceAccount: {
    flag: '--google-service-account',
    what: 'the e-mail address of the service account',
    form: /^[a-z0-9][a-z0-9-]{0,62}@[a-z0-9.-]{1,200}\.gserviceaccount\.com$/,
  },
  googleKeys: {
    flag: '--google-keys',
    what: 'the file of keys that "runpass keys export" wrote',
    form: /^[\w./-]{1,255}$/,
    otherwise: '',
  },
  vaultMount: {
    flag: '--vault-mount',
    what: 'the path of the JWT auth method',
    form: /^[A-Za-z0-9_-]{1,64}$/,
    otherwise: 'jwt',
  },
  vaultRole: { flag: '--vault-role', what: 'a name of a role', form: WORD, otherwise: NAME },
  vaultPolicies: {
    flag: '--vault-policies',
    what: "names of Vault's policies, with commas between them",
    form: /^[A-Za-z0-9_/-]{1,64}(?:,[A-Za-z0-9_/-]{1,64}){0,20}$/,
  },
  kubernetesNamespace: {
    flag: '--kubernetes-namespace',
    what: 'a namespace',
    form: /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
    otherwise: 'default',
  },
  kubernetesRole: {
    flag: '--kubernetes-role',
    what: 'a name of a ClusterRole',
    form: /^[a-z0-9][a-z0-9.:-]{0,252}$/,
    otherwise: 'view',
  },
} as const satisfies Record<string, Input>;

export type InputName = keyof typeof INPUTS;
export type Inputs = Readonly<Partial<Record<InputName, string>>>;

/** What is given to a generator, or why that cannot be: a sentence that names the flag. */
export const readInputs = (
  needed: readonly InputName[],
  given: Inputs,
  name: string,
): ((name: InputName) => string) | { readonly problem: string } => {
  const found: Partial<Record<InputName, string>> = {};
  for (const each of needed) {
    const { flag, what, form, otherwise }: Input = INPUTS[each];
    const value = given[each] ?? (otherwise === NAME ? name : otherwise);
    if (value === undefined) return { problem: `This needs ${what}: ${flag}.` };
    if (value !== otherwise && !form.test(value)) return { problem: `${flag} must be ${what}.` };
    found[each] = value;
  }
  return (asked) => found[asked] ?? '';
};
