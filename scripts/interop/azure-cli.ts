import assert from 'node:assert/strict';
import { join } from 'node:path';
import { CERTIFICATE_FILE } from '../../test/interop/cloud-host.ts';
import type { Conversation } from './conversation.ts';
import type { PythonPrograms } from './python-programs.ts';
import { type StrictGraph, startStrictGraph } from './strict-graph.ts';
import { openWalk, readJson, sameVerdicts, type Walk } from './trust-walk.ts';
import { run, type Step } from './walk-steps.ts';

/** The command line of Azure, as released, and a parser of Bicep, whose compiler no package brings. */
export const azureCli: PythonPrograms = {
  name: 'azure-cli',
  version: '2.91.0',
  packages: ['azure-cli==2.91.0', 'pycep-parser==0.7.1'],
};

const STEPS: readonly Step[] = [
  {
    what: 'one stack, one operation',
    scope: run('core', 'dev'),
    within: run('core', 'dev'),
    beyond: run('core', 'dev', 'preview'),
  },
  {
    what: 'one stack, three operations, names that begin with a dash or a dot',
    scope: '--project=-core --stack=.dev --operation update --operation preview --operation refresh',
    within: run('-core', '.dev', 'refresh'),
    beyond: run('-core', '.dev', 'destroy'),
  },
  { what: 'an environment', scope: '--environment core/base' },
  {
    what: 'on v2, one stack by its id',
    scope: `${run('core', 'prod')} --issuer v2`,
    within: run('core', 'prod'),
    beyond: run('core', 'dev'),
  },
];

/**
 * What `runpass trust generate azure` prints, followed to the letter with the Azure CLI, logged in to a tenant of this
 * machine; then its credentials as Graph gives them back, and logins of the same CLI with tokens of real runs.
 */
export const walkAsAzure = async ({ line }: Conversation, programs: string): Promise<void> => {
  let at = (issuer: string): string => issuer;
  const graph = await startStrictGraph((issuer) => at(issuer));
  const walk = await openWalk(programs, {
    REQUESTS_CA_BUNDLE: CERTIFICATE_FILE,
    AZURE_CORE_COLLECT_TELEMETRY: 'no',
    AZURE_CORE_INSTANCE_DISCOVERY: 'false',
    AZURE_BICEP_USE_BINARY_FROM_PATH: 'true',
  });
  at = (issuer) => issuer.replace(new URL(issuer).origin, walk.url);
  try {
    await walk.read(cloud(graph));
    await walk.read('az cloud set -n walk');
    await walk.read(`${login(graph)} --password secret`);
    for (const each of [run('core', 'dev'), run('core', 'prod')]) await walk.read(`runpass run start ${each}`);
    for (const step of STEPS) await line(`azure, ${step.what}`, () => installed(walk, graph, step));
    for (const step of STEPS) await line(`bicep, ${step.what}`, () => parsed(walk, programs, step));
  } finally {
    await walk.close();
    await graph.stop();
  }
};

const cloud = ({ url }: StrictGraph): string =>
  `az cloud register -n walk --skip-endpoint-discovery ${[
    'active-directory',
    'active-directory-resource-id',
    'active-directory-graph-resource-id',
    'resource-manager',
    'management',
    'microsoft-graph-resource-id',
  ]
    .map((endpoint) => `--endpoint-${endpoint} ${url}/`)
    .join(' ')}`;

const login = ({ appId, tenantId }: StrictGraph): string =>
  `az login --service-principal --username ${appId} --tenant ${tenantId} --allow-no-subscriptions`;

const installed = async (walk: Walk, graph: StrictGraph, { scope, within, beyond }: Step): Promise<string> => {
  const { folder, commands } = await walk.follow('azure', `${scope} --azure-app ${graph.appId}`);
  const credentials: readonly { readonly name: string }[] = await readJson(folder, 'trust.json');
  const all: readonly { readonly name: string }[] = JSON.parse(
    await walk.read(`az ad app federated-credential list --id ${graph.appId}`),
  );
  const readBack = all.filter(({ name }) => credentials.some((credential) => credential.name === name));
  assert.equal(readBack.length, credentials.length);
  const verdicts = await sameVerdicts(walk, folder, readBack, scope);
  if (within === undefined || beyond === undefined) return `${commands} commands; ${verdicts}`;
  const version = scope.includes('--issuer v2') ? 'v2' : 'v1';
  const enter = async (which: string) => {
    const token = await walk.token(which, version, version === 'v2' ? 'api://AzureADTokenExchange' : undefined);
    const home = await walk.folder();
    const elsewhere = `export AZURE_CONFIG_DIR='${home}'; ${cloud(graph)} && az cloud set -n walk`;
    return walk.sh(`${elsewhere} && ${login(graph)} --federated-token ${token}`);
  };
  const [taken, refused] = [await enter(within), await enter(beyond)];
  assert.equal(taken.status, 0, taken.stderr);
  assert.notEqual(refused.status, 0, 'a run beyond the scope was taken');
  assert.match(refused.stderr, /AADSTS7002\d\d/);
  return `${commands} commands; ${verdicts}; az login takes the run within, refuses the one beyond`;
};

/** A compiler that finds nothing in the file: enough for `az` to read all its parameters and ask Resource Manager. */
const STANDS_FOR_BICEP = `#!/bin/sh
case "$1" in
  --version) echo 'Bicep CLI version 0.99.0 (0000000000)';;
  *) echo '{"$schema":"https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#","contentVersion":"1.0.0.0","resources":[]}';;
esac
`;

const PARSE = `import json, sys
from pathlib import Path
from pycep import BicepParser
json.dump(BicepParser().parse(file_path=Path(sys.argv[1])), sys.stdout, default=str)
`;

const parsed = async (walk: Walk, programs: string, { scope }: Step): Promise<string> => {
  const folder = await walk.folder();
  const flags = `${scope} --azure-identity deploy-1 --azure-resource-group='the(group)-1.x'`;
  const printed = await walk.read(`runpass trust generate bicep ${flags} --out .`, folder);
  const [, trial = '', install = ''] = printed.trim().split('\n');
  await walk.read(trial, folder);
  const bicep = JSON.parse(await walk.read(`'${join(programs, 'python')}' -c '${PARSE}' trust.bicep`, folder));
  const written = bicep.variables.credentials.value;
  const credentials = await readJson(folder, 'trust.json');
  assert.deepEqual(
    written.map(({ audience, ...rest }: { audience: string }) => ({ ...rest, audiences: [audience] })),
    credentials,
  );
  assert.equal(Object.keys(bicep.resources).length, 2);
  const stands = `printf '%s' '${STANDS_FOR_BICEP.replaceAll("'", `'\\''`)}' > bicep && chmod +x bicep`;
  const { stderr } = await walk.sh(`${stands} && PATH="$PWD:$PATH" && ${install}`, folder);
  assert.match(stderr, /ResourceGroupNotFound/);
  return `parsed, ${credentials.length} credentials; az asked Resource Manager for the group`;
};
