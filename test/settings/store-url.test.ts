import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readStoreUrl } from '../../src/settings/store-url.ts';

const numRuns = process.env['NIGHTLY'] ? 100_000 : 2000;

test('SQLite and memory URLs', () => {
  assert.deepEqual(readStoreUrl('memory:'), { address: { kind: 'memory' } });
  assert.deepEqual(readStoreUrl('sqlite:data/runpass.db'), { address: { kind: 'sqlite', path: 'data/runpass.db' } });
  assert.deepEqual(readStoreUrl('sqlite:/var/lib/x.db'), { address: { kind: 'sqlite', path: '/var/lib/x.db' } });
});

const host = fc.stringMatching(/^[a-z][a-z0-9.-]{0,20}$/);
const node = fc.record(
  { host: fc.oneof(host, fc.ipV6()), port: fc.integer({ min: 1, max: 65_535 }) },
  { noNullPrototype: true },
);
const word = fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' });
const written = ({ host, port }: { host: string; port: number }): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`;

test('a Redis URL means what it was written from', () => {
  const parts = fc.record({
    topology: fc.constantFrom('single', 'sentinel', 'cluster'),
    nodes: fc.array(node, { minLength: 1, maxLength: 4 }),
    username: fc.option(word, { nil: undefined }),
    password: fc.option(word, { nil: undefined }),
    database: fc.integer({ min: 0, max: 15 }),
    tls: fc.boolean(),
  });
  fc.assert(
    fc.property(parts, ({ topology, nodes: all, username, password, database: number, tls }) => {
      const nodes = topology === 'single' ? all.slice(0, 1) : all;
      const database = topology === 'cluster' ? 0 : number;
      const scheme = topology === 'single' ? (tls ? 'rediss' : 'redis') : `redis+${topology}`;
      const user = `${encodeURIComponent(username ?? '')}${password === undefined ? '' : `:${encodeURIComponent(password)}`}`;
      const path = `${topology === 'sentinel' ? '/master' : ''}${database > 0 ? `/${database}` : ''}`;
      const query =
        topology === 'single' ? [] : [...nodes.slice(1).map((other) => `node=${written(other)}`), `tls=${tls}`];
      const [first] = nodes;
      const url = `${scheme}://${user === '' ? '' : `${user}@`}${written(first!)}${path}${query.length > 0 ? `?${query.join('&')}` : ''}`;
      const reading = readStoreUrl(url);
      assert.ok('address' in reading && reading.address.kind === 'redis', url);
      const { password: secret, ...address } = reading.address;
      assert.equal(secret?.reveal(), password);
      assert.deepEqual(address, {
        kind: 'redis',
        topology,
        nodes,
        ...(topology === 'sentinel' && { masterName: 'master' }),
        ...(username !== undefined && { username }),
        database,
        tls,
      });
    }),
    { numRuns },
  );
});

test('ports may be left out', () => {
  const portOf = (url: string): number | undefined => {
    const reading = readStoreUrl(url);
    return 'address' in reading && reading.address.kind === 'redis' ? reading.address.nodes[0]?.port : undefined;
  };
  assert.equal(portOf('redis://h'), 6379);
  assert.equal(portOf('rediss://h/1'), 6379);
  assert.equal(portOf('redis+sentinel://h/m'), 26_379);
  assert.equal(portOf('redis+cluster://h'), 6379);
  assert.equal(portOf('redis://h:80'), 80);
});

const REFUSED = [
  '',
  'redis',
  'redis:h',
  'redis://',
  'redis://:1',
  'redis://h:0',
  'redis://h:99999',
  'redis://h:x',
  'redis://h/x',
  'redis://h/-1',
  'redis://h/70000',
  'redis://h/1/2',
  'redis://h?node=h2',
  'redis://h?tls=true',
  'redis://h#x',
  'redis://a%zz@h',
  'redis://a/b@h',
  'redis://h1,h2',
  'redis+sentinel://h',
  'redis+sentinel://h/',
  'redis+sentinel://h/m?node=',
  'redis+sentinel://h/m?node=h:0',
  'redis+sentinel://h/m?tls=yes',
  'redis+sentinel://h/m?master=x',
  'redis+cluster://h/1',
  'REDIS://h',
  'http://h',
  'constructor://h',
  'memory:x',
  'sqlite:',
  'sqlite::memory:',
  'sqlite://data/x.db',
  'sqlite:a\0b',
] as const;

for (const url of REFUSED) {
  test(`${JSON.stringify(url)} is refused with the form to write`, () => {
    const reading = readStoreUrl(url);
    assert.ok('problem' in reading);
    assert.match(reading.suggestion, /^write /);
  });
}

test('no text makes it throw', () => {
  const scrap = fc.constantFrom(
    'redis',
    'redis+sentinel',
    'sqlite',
    ':',
    '//',
    '/',
    '@',
    '?node=',
    '&tls=true',
    '[',
    ']',
    '::1',
    'h',
    '%',
    '#',
    '1',
    ' ',
    '\\',
    '\n',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.array(scrap, { maxLength: 12 }).map((parts) => parts.join('')),
      ),
      (text) => {
        readStoreUrl(text);
      },
    ),
    { numRuns },
  );
});
