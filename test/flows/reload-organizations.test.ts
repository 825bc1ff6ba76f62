import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Organization } from '../../src/access/organization.ts';
import type { AuditEvent } from '../../src/audit/record.ts';
import { keepOrganizations, type OrganizationFiles } from '../../src/flows/reload-organizations.ts';
import { openDirectory } from '../../src/runs/directory.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { openRememberedTrusts } from '../../src/trust/remembered/remembered.ts';
import { realRandom, StandingClock } from '../clock.ts';

const filesOf = (...names: readonly string[]): Extract<OrganizationFiles, { hash: string }> => ({
  organizations: new Map(names.map((name) => [name, { name } as Organization])),
  environments: new Map(),
  hash: names.join(),
});

const SCOPE = { kind: 'runs', project: 'core', stack: '*', operations: [] } as const;

const world = async () => {
  const store = memoryStore(new StandingClock());
  const directory = openDirectory(store, realRandom, 0);
  const trustDocuments = openRememberedTrusts(store);
  const events: AuditEvent[] = [];
  const warnings: string[] = [];
  let files = filesOf('acme', 'umbrella');
  const organizations = keepOrganizations(
    {
      store,
      directory,
      trustDocuments,
      replica: 'r',
      audit: { record: async (event) => void events.push(event) },
      log: {
        debug: () => {},
        info: () => {},
        warn: (message, fields) => void warnings.push(`${message} ${JSON.stringify(fields)}`),
        error: (message) => assert.fail(message),
      },
      read: async () => files,
    },
    files,
  );
  const reload = async (...names: readonly string[]): Promise<void> => {
    files = filesOf(...names);
    await organizations.reload();
  };
  return { directory, trustDocuments, events, warnings, reload };
};

test('an organization that is gone leaves word of the trust documents that still admit its names', async () => {
  const { directory, trustDocuments, events, warnings, reload } = await world();
  const { id } = await directory.organization('umbrella', undefined);
  const generated = { target: 'aws', issuer: 'https://id.example.com/oidc', audience: 'umbrella', document: '{}' };
  await trustDocuments.remember(id, generated as never, SCOPE, 'personal:wesker');

  await reload('acme');
  const gone = events.find(({ kind }) => kind === 'organization.gone');
  assert.equal(gone?.organization, 'umbrella');
  assert.match(String(gone?.detail['trustDocuments']), /^aws: .*core/);
  assert.ok(warnings.some((line) => line.includes('"organization":"umbrella"') && line.includes('"documents":1')));
});

test('nothing is said of organizations that stay, and nothing is listed where nothing was generated', async () => {
  const { events, reload } = await world();
  await reload('acme', 'umbrella', 'initech');
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ['organizations.change'],
  );
  await reload('acme', 'initech');
  const gone = events.filter(({ kind }) => kind === 'organization.gone');
  assert.deepEqual(
    gone.map(({ organization, detail }) => [organization, detail]),
    [['umbrella', {}]],
  );
});
