import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { parse, parseAllDocuments } from 'yaml';
import { loadOrganizations } from '../../src/access/load.ts';
import { formatProblems } from '../../src/documents.ts';
import { loadSettings } from '../../src/settings/load.ts';
import { makePlace, type Place } from '../cli/runpass.ts';
import { type OutsideIssuer, openOutsideIssuer } from './outside-issuer.ts';
import { exchangeParameters } from './trust.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const EXAMPLES = join(ROOT, 'examples', 'trust');
const MAIN = join(ROOT, 'src', 'main.ts');
const page = readFileSync(join(ROOT, 'docs', 'trust.md'), 'utf8');
const example = (name: string): string => readFileSync(join(EXAMPLES, name), 'utf8');

/** Code of the page by language, in its order; the indentation of a list is not part of it. */
const blocks = (language: string): readonly string[] =>
  [...page.matchAll(/^( *)```(\w+)\n([\s\S]*?)^ *```$/gm)].flatMap(([, indent = '', found, text = '']) =>
    found === language ? [text.replaceAll(new RegExp(`^${indent}`, 'gm'), '')] : [],
  );
/** YAML of the page whose first line names a file. */
const fileOf = (name: string): string => {
  const found = blocks('yaml').filter((text) => text.startsWith(`# ${name}\n`));
  assert.equal(found.length, 1, `the page has one ${name}`);
  return found[0] ?? '';
};
const POLICY_FILES = blocks('yaml').flatMap((text) => /^# (policy[\w-]*\.yaml)\n/.exec(text)?.slice(1, 2) ?? []);

/** Runs a script in bash as a CI platform runs a step. */
const bash = (script: string, cwd: string, env: Readonly<Record<string, string>>) =>
  promisify(execFile)('bash', ['-ec', script], { cwd, env: { PATH: process.env['PATH'] ?? '', ...env } });
const installed = (program: string): Promise<boolean> =>
  promisify(execFile)(program, ['--version']).then(
    () => true,
    () => false,
  );

const folders: string[] = [];
const makeFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'runpass-trust-docs-'));
  folders.push(folder);
  return folder;
};
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

describe('the files of docs/trust.md and examples/trust', () => {
  const organization = async (text: string) => {
    const folder = makeFolder();
    writeFileSync(join(folder, 'acme.yaml'), text);
    const loaded = await loadOrganizations(folder, new Set());
    if ('problems' in loaded) assert.fail(formatProblems(loaded.problems));
    return loaded.organizations.get('acme');
  };

  test('the organizations load without a finding', async () => {
    const shown = await organization(fileOf('config/organizations/acme.yaml'));
    assert.deepEqual(
      shown?.trustedIssuers.map(({ name }) => name),
      ['github'],
    );
    const whole = await organization(example('acme.yaml'));
    assert.deepEqual(
      whole?.trustedIssuers.map(({ name, policy }) => [name, policy.policies.length]),
      [
        ['github', 3],
        ['gitlab', 1],
        ['eks-production', 1],
        ['deployments', 1],
      ],
    );
  });

  test('an allow without a rule is found in such a file', async () => {
    const open = example('acme.yaml').replace(/project_path: acme\/core\n\s+ref_protected: "true"\n/, '');
    await assert.rejects(
      organization(open),
      /acme\.yaml:59:11: trustedIssuers\[1\]\.policy\.policies\[0\]: no_identity_rule/,
    );
  });

  test('the settings load, and let acme reach the hosts', async () => {
    const folder = makeFolder();
    mkdirSync(join(folder, 'config'));
    writeFileSync(join(folder, 'config', 'runpass.yaml'), fileOf('config/runpass.yaml'));
    const loaded = await loadSettings({ env: {}, cwd: folder });
    if ('problems' in loaded) assert.fail(formatProblems(loaded.problems));
    assert.deepEqual(loaded.settings.organizations['acme']?.issuerHosts, [
      'kubernetes.default.svc',
      'gitlab.internal:8443',
    ]);
  });

  test('every example is YAML, every file is named on the page, and no job leaks its token', () => {
    for (const name of readdirSync(EXAMPLES)) {
      for (const document of parseAllDocuments(example(name))) assert.deepEqual(document.errors, [], name);
      assert.ok(page.includes(`examples/trust/${name}`), name);
      assert.doesNotMatch(example(name).replaceAll(/^ *#.*$/gm, ''), /GITHUB_ENV|GITHUB_OUTPUT|set -x/, name);
    }
    const { permissions } = parse(example('github.yaml'));
    assert.deepEqual(permissions, { contents: 'read', 'id-token': 'write' });
  });

  test('the pod asks for a token of this organization, where the command line reads it', () => {
    const job = parseAllDocuments(example('kubernetes.yaml'))[1]?.toJS();
    const { containers, volumes } = job.spec.template.spec;
    const [{ serviceAccountToken }] = volumes[0].projected.sources;
    assert.equal(serviceAccountToken.audience, 'urn:pulumi:org:acme');
    const path = `file://${containers[0].volumeMounts[0].mountPath}/${serviceAccountToken.path}`;
    assert.ok(containers[0].args[0].includes(`--oidc-token ${path} --oidc-org acme`));
  });
});

describe('the commands of docs/trust.md, in its order', () => {
  let place: Place;
  let github: OutsideIssuer;
  before(async () => {
    place = await makePlace();
    github = await openOutsideIssuer();
    const cluster = await openOutsideIssuer('https://kubernetes.default.svc.cluster.local');
    const organizations = join(place.folder, 'config', 'organizations');
    // The organization of the example, but for its trusted issuers: here they come by command.
    const [people = ''] = example('acme.yaml').split('trustedIssuers:');
    writeFileSync(join(organizations, 'acme.yaml'), people);
    for (const name of POLICY_FILES) writeFileSync(join(place.folder, name), fileOf(name));
    const [issuer = '', policy = '', claims = ''] = blocks('json');
    const withKeys = JSON.stringify({ ...JSON.parse(issuer), jwks: github.jwks });
    const pod = { iss: cluster.issuer, aud: ['urn:pulumi:org:acme'], sub: 'system:serviceaccount:ci:deployer' };
    const written = {
      'issuer.json': withKeys,
      'policy.json': policy,
      'claims.json': claims,
      'outside.json': JSON.stringify(github.jwks),
      'cluster.json': JSON.stringify(cluster.jwks),
      'token.jwt': await cluster.token({
        ...pod,
        'kubernetes.io': { namespace: 'ci', serviceaccount: { name: 'deployer', uid: '1' } },
      }),
    };
    for (const [name, text] of Object.entries(written)) writeFileSync(join(place.folder, name), text);
    await place.serve();
  });
  after(() => place.remove());

  /** The page's words: `runpass` is the program, `kubectl` a cluster; issuers of the internet are not fetched by a test. */
  const WORDS = `
    runpass() {
      case "$*" in *--jwks*) ;; "trust issuer add"*--url\\ https://*) set -- "$@" --jwks outside.json ;; esac
      "${process.execPath}" "${MAIN}" "$@"
    }
    kubectl() { cat cluster.json; }
  `;
  const run = (script: string, env: Readonly<Record<string, string>> = {}) =>
    bash(`${WORDS}\n${script}`, place.folder, {
      HOME: join(place.folder, 'home'),
      RUNPASS_URL: place.url,
      RUNPASS_ACCESS_TOKEN: readFileSync(join(place.folder, 'data', 'admin.token'), 'utf8'),
      ...env,
    });
  const scripts = blocks('sh').filter((script) => !script.startsWith('pulumi login'));
  const exchange = async (changes: Readonly<Record<string, string>>) => {
    const sub = 'repo:acme/core:environment:production';
    const body = new URLSearchParams(exchangeParameters(await github.token({ sub, ...changes })));
    return fetch(`${place.url}/api/oauth/token`, { method: 'POST', body });
  };

  test('all of them do what they say', async (t) => {
    if (!(await installed('curl')) || !(await installed('jq'))) return t.skip('curl or jq is not installed');
    const env: Record<string, string> = {};
    for (const script of scripts) {
      if (script.startsWith('curl')) continue;
      if (script.includes('$DECISION')) {
        const { error_description } = (await (await exchange({ sub: 'repo:acme/other:x' })).json()) as Record<
          string,
          string
        >;
        env['DECISION'] = error_description?.split(' ').at(-1) ?? '';
      }
      if (script.includes('$PIN')) {
        assert.equal((await exchange({})).status, 200);
        const listed = await run('runpass trust pin list github --json');
        env['PIN'] = JSON.parse(listed.stdout).pins[0].id;
      }
      await assert.doesNotReject(run(script, env), script);
    }
    // The last of them trusts GitHub no longer; then it comes back by the API.
    assert.equal((await exchange({})).status, 400);
    await run(scripts.find((script) => script.startsWith('curl')) ?? 'false', env);
    assert.equal((await exchange({})).status, 200);
    const bad = JSON.parse(blocks('json')[2] ?? '{}');
    writeFileSync(join(place.folder, 'claims.json'), JSON.stringify({ ...bad, sub: 'repo:acme/other:x' }));
    await assert.rejects(run('runpass trust test --claims claims.json --type organization'), { code: 1 });
  });
});
