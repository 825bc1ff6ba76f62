import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { environmentOf, parseDockerfile } from '../../scripts/dockerfile.ts';
import { loadSettings } from '../../src/settings/load.ts';

interface Service {
  readonly image?: string;
  readonly build?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly networks?: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly stop_grace_period?: string;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test?: readonly string[]; readonly disable?: boolean };
}
interface Network {
  readonly internal?: boolean;
  readonly ipam?: { readonly config: readonly { readonly subnet: string }[] };
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: Readonly<Record<string, Network>>;
}

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

/** The Compose Specification's schema, as the development dependency `dclint` ships it. */
const publishedSchema = () =>
  JSON.parse(
    readFileSync(new URL('./schemas/compose.schema.json', import.meta.resolve('dclint/package.json')), 'utf8'),
  );

describe('docker-compose.yml', () => {
  const compose: Compose = parse(read('docker-compose.yml'), { merge: true });
  const service = (name: string): Service => {
    const found = compose.services[name];
    assert.ok(found, `no service ${name}`);
    return found;
  };
  const replicas = Object.entries(compose.services).filter(([name]) => /^runpass-\d$/.test(name));

  describe('against the published Compose schema', () => {
    const { $schema: _, ...schema } = publishedSchema();
    const ajv = new Ajv({ strict: false, allErrors: true, formats: { duration: true } });
    const validate = ajv.compile(schema);

    test('is valid', () => assert.ok(validate(compose), ajv.errorsText(validate.errors)));
    test('a misspelled key would be found', () => {
      assert.equal(validate({ ...compose, services: { redis: { image: 'redis', helthcheck: {} } } }), false);
    });
  });

  test('starts two replicas of the same image, with the same settings', () => {
    assert.equal(replicas.length, 2);
    const [first, second] = replicas.map(([, { volumes: _, ...rest }]) => rest);
    assert.deepEqual(first, second);
  });

  test('gives each replica a data folder of its own and the one sealing key, read-only', () => {
    const volumes = replicas.map(([, replica]) => replica.volumes ?? []);
    for (const list of volumes) assert.ok(list.includes('sealing-key:/runpass/keys:ro'));
    const data = volumes.flat().filter((volume) => volume.endsWith(':/runpass/data'));
    assert.equal(new Set(data).size, replicas.length);
  });

  test('runs a Redis that writes everything down and forgets nothing', () => {
    const command = service('redis').command ?? [];
    const option = (name: string) => command[command.indexOf(name) + 1];
    assert.equal(option('--appendonly'), 'yes');
    assert.equal(option('--appendfsync'), 'always');
    assert.equal(option('--maxmemory-policy'), 'noeviction');
    assert.ok(service('redis').volumes?.some((volume) => volume.endsWith(':/data')));
  });

  test('lets nobody reach Redis but the replicas and the maker of the sealing key', () => {
    assert.deepEqual(service('redis').networks, ['store']);
    assert.equal(service('redis').ports, undefined);
    assert.equal(compose.networks['store']?.internal, true);
    const inside = Object.keys(compose.services).filter((name) => service(name).networks?.includes('store'));
    assert.deepEqual(inside.sort(), ['redis', 'runpass-1', 'runpass-2', 'sealing-key']);
  });

  test('publishes nothing but the proxy, on the loopback address', () => {
    const published = Object.entries(compose.services).filter(([, { ports }]) => ports);
    assert.deepEqual(
      published.map(([name, { ports }]) => [name, ports]),
      [['proxy', ['127.0.0.1:8080:8080']]],
    );
  });

  test('every lasting service has a health check, and waits for the health of those it needs', () => {
    for (const [name, { healthcheck }] of Object.entries(compose.services)) {
      assert.ok(name === 'sealing-key' ? healthcheck?.disable : healthcheck?.test, `${name} has no health check`);
    }
    for (const [, { depends_on }] of replicas) {
      assert.equal(depends_on?.['redis']?.condition, 'service_healthy');
      assert.equal(depends_on?.['sealing-key']?.condition, 'service_completed_successfully');
    }
  });

  test('gives the replicas settings that hold: one Redis, the proxy trusted, time to drain', async () => {
    const [, replica] = replicas[0] ?? [];
    assert.ok(replica);
    assert.ok(replica.volumes?.includes('./deploy/runpass.yaml:/runpass/config/runpass.yaml:ro'));
    const image = parseDockerfile(read('Dockerfile')).at(-1);
    assert.ok(image);
    const cwd = fileURLToPath(new URL('../..', import.meta.url));
    const loaded = await loadSettings({ file: 'deploy/runpass.yaml', env: environmentOf(image), cwd });
    assert.ok('settings' in loaded, JSON.stringify(loaded));
    const { store, http } = loaded.settings;
    assert.ok(store.backend.kind === 'redis');
    assert.deepEqual(store.backend.nodes, [{ host: 'redis', port: 6379 }]);
    assert.deepEqual([http.host, http.port], ['0.0.0.0', 8080]);
    assert.deepEqual(http.trustedProxies, [compose.networks['front']?.ipam?.config[0]?.subnet]);
    assert.ok(http.drainSeconds < Number.parseInt(replica.stop_grace_period ?? '0', 10));
  });

  test('every file that it mounts is there', () => {
    const mounted = Object.values(compose.services).flatMap(({ volumes }) => volumes ?? []);
    for (const path of mounted.filter((volume) => volume.startsWith('./')).map((volume) => volume.split(':')[0])) {
      assert.ok(existsSync(new URL(`../../${path}`, import.meta.url)), `${path} does not exist`);
    }
  });

  test('the proxy passes to every replica, and overwrites what a client says of its own address', () => {
    const nginx = read('deploy/nginx.conf');
    for (const [name] of replicas) assert.match(nginx, new RegExp(`server ${name}:8080 `));
    assert.match(nginx, /proxy_set_header X-Forwarded-For \$remote_addr;/);
    assert.doesNotMatch(nginx, /\$(?:request|request_uri|args|query_string)\b/, 'no query string in its log');
  });
});
