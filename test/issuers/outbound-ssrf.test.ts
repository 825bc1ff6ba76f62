import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { openOutbound } from '../../src/issuers/outbound/open.ts';
import type { Address } from '../../src/issuers/outbound/target.ts';
import { type HttpsHost, startHttpsHost, TEST_CERTIFICATE } from './https-host.ts';
import { assertProblem } from './outbound-refused.ts';

const NOTHING = { hosts: [], thumbprints: [], anyCertificate: true };

/** This machine and its network, written in every way that some parser somewhere takes. */
// biome-ignore format: rows by kind
const SPELLINGS = [
  // Names that the system resolves by itself.
  'localhost', 'LOCALHOST', 'lOcAlHoSt', '%6cocalhost', 'ⓛⓞⓒⓐⓛⓗⓞⓢⓣ',
  // IPv4: dotted, short, decimal, octal, hexadecimal, mixed, full-width, percent-encoded.
  '127.0.0.1', '127.0.0.1.', '127.1', '127.0.1', '127.127.127.127', '127.255.255.254', '2130706433', '017700000001',
  '0x7f000001', '0x7F000001', '0x7f.1', '0x7f.0x0.0x0.0x1', '0177.0.0.1', '0177.1', '0177.0.0.01', '0x7f.0.0.01',
  '127.0x1', '127.0.0.0x1', '00000177.0.0.1', '１２７.０.０.１', '127。0。0。1', '127%2e0%2e0%2e1', '①②⑦.⓪.⓪.①',
  '0', '0.0.0.0', '0x0', '00', '0.1',
  // IPv6 loopback and what means the same.
  '[::1]', '[0:0:0:0:0:0:0:1]', '[0000:0000:0000:0000:0000:0000:0000:0001]', '[::0:1]', '[0::1]', '[::]',
  // IPv4 inside IPv6.
  '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[0:0:0:0:0:ffff:127.0.0.1]', '[::127.0.0.1]', '[::7f00:1]',
  '[::ffff:0:127.0.0.1]', '[64:ff9b::127.0.0.1]', '[64:ff9b:1::7f00:1]', '[2002:7f00:1::1]', '[2001:0:7f00:1::]',
  // The network around this machine, and the metadata of its cloud.
  '10.0.0.1', '172.16.0.1', '192.168.1.1', '100.64.0.1', '169.254.169.254', '2852039166', '0xa9fea9fe',
  '0251.0376.0251.0376', '169.254.43518', '[::ffff:169.254.169.254]', '[::ffff:a9fe:a9fe]', '[fd00:ec2::254]',
  '[fe80::1]', '[fc00::1]', '[fec0::1]', '[ff02::1]', '168.63.129.16', '100.100.100.200',
  '224.0.0.1', '255.255.255.255', '4294967295', '240.0.0.1', '192.0.2.1', '198.18.0.1', '[2001:db8::1]', '[100::1]',
];

/** Addresses that no URL can hold or no parser gives, but a resolver can. */
// biome-ignore format: one answer per line
const RESOLVED: readonly (readonly Address[])[] = [
  [{ address: '127.0.0.1', family: 4 }],
  [{ address: '::1', family: 6 }],
  [{ address: 'fe80::1%lo', family: 6 }],
  [{ address: '::1%lo', family: 6 }],
  [{ address: '127.1', family: 4 }],
  [{ address: '', family: 4 }],
  // One of many is enough, wherever it stands.
  [{ address: '140.82.112.3', family: 4 }, { address: '127.0.0.1', family: 4 }],
  [{ address: '127.0.0.1', family: 4 }, { address: '140.82.112.3', family: 4 }],
  [{ address: '2606:4700::1', family: 6 }, { address: '::ffff:127.0.0.1', family: 6 }],
];

describe('a fetch to a place inside', () => {
  let target: HttpsHost;
  let sixth: Server | undefined;
  let sixthConnections = 0;
  before(async () => {
    target = await startHttpsHost();
    target.json('/', {});
    const server = createServer((socket) => {
      sixthConnections += 1;
      socket.destroy();
    });
    // A machine without IPv6 has nobody listening there; then there is nothing to reach either.
    server.on('error', () => {}).listen(target.port, '::1');
    await Promise.race([once(server, 'listening'), once(server, 'error').catch(() => {})]);
    sixth = server;
  });
  after(async () => {
    sixth?.close();
    await target.stop();
  });
  /** The listeners stand on the one port that needs no permission, so that nothing but the address is wrong. */
  const door = (parts: Parameters<typeof openOutbound>[0] = {}) =>
    openOutbound({ ...parts, ca: TEST_CERTIFICATE, limits: { port: target.port, ...parts.limits } });
  const untouched = (): void => assert.deepEqual([target.connections(), sixthConnections], [0, 0]);

  test('is refused before a connection, in every spelling of its address', async () => {
    assert.ok(SPELLINGS.length >= 60);
    assert.equal(new Set(SPELLINGS).size, SPELLINGS.length);
    for (const host of SPELLINGS) {
      await assertProblem(
        door().getJson(`https://${host}:${target.port}/`, NOTHING),
        /has an address (?:that is not public|where no issuer can be)/,
      );
    }
    untouched();
  });

  test('is refused for a host of which one address leads there', async () => {
    for (const answer of RESOLVED) {
      const outbound = door({ resolve: async () => answer });
      await assertProblem(
        outbound.getJson(`https://issuer.test:${target.port}/`, NOTHING),
        /has an address (?:that is not public|where no issuer can be)/,
      );
    }
    await assertProblem(
      door({ resolve: async () => [] }).getJson(`https://issuer.test:${target.port}/`, NOTHING),
      /has no address/,
    );
    untouched();
  });

  test('is refused in words that tell no address of the inner network', async () => {
    const outbound = door({ resolve: async () => [{ address: '10.11.12.13', family: 4 }] });
    const sentence = await assertProblem(outbound.getJson(`https://intranet:${target.port}/`, NOTHING), /not public/);
    assert.doesNotMatch(sentence, /10\.11/);
    assert.ok(sentence.includes(`list "intranet:${target.port}" under "issuerHosts"`));
  });

  test('is refused on every other port, and for every other scheme', async () => {
    for (const [url, sentence] of [
      ['https://localhost/', /localhost is not on port/],
      ['https://140.82.112.3:22/', /140\.82\.112\.3:22 is not on port/],
      [`http://localhost:${target.port}/`, /https:\/\/ URL only/],
      [`HTTP://127.0.0.1:${target.port}/`, /https:\/\/ URL only/],
      [`//127.0.0.1:${target.port}/`, /https:\/\/ URL only/],
      ['file:///etc/passwd', /https:\/\/ URL only/],
      ['data:application/json,{}', /https:\/\/ URL only/],
      [`https://user@localhost:${target.port}/`, /user name/],
      [`https://:secret@localhost:${target.port}/`, /user name/],
      [`https://issuer.test@127.0.0.1:${target.port}/`, /user name/],
      [`https://localhost:${target.port}/#`, /fragment/],
      [`https://localhost:${target.port}/#a`, /fragment/],
      [`https://localhost:${target.port}/${'a'.repeat(2048)}`, /at most 2048/],
      ['https://', /https:\/\/ URL only/],
      ['https://[::1', /https:\/\/ URL only/],
      ['https://[fe80::1%25lo]/', /https:\/\/ URL only/],
      ['https://256.1.1.1/', /https:\/\/ URL only/],
      ['https://127.0.0.1%00.issuer.test/', /https:\/\/ URL only/],
    ] as const) {
      await assertProblem(door().getJson(url, { ...NOTHING, hosts: [`127.0.0.1:${target.port + 1}`] }), sentence);
    }
    untouched();
  });

  test('is not reached by a second answer of the resolver: the checked address is the one connected to', async () => {
    // A public address that nobody was given: no stranger hears from this test.
    const nobody: Address = { address: '3ffe::1', family: 6 };
    let asked = 0;
    const flips = async (): Promise<readonly Address[]> => {
      asked += 1;
      return asked === 1 ? [nobody] : [{ address: '127.0.0.1', family: 4 }];
    };
    const outbound = door({ resolve: flips, limits: { connectMs: 50 } });
    await assertProblem(outbound.getJson(`https://localhost:${target.port}/`, NOTHING), /could not|closed/);
    assert.equal(asked, 1);
    untouched();
    // The system would answer for this name with the listener's own address: it is not asked either.
    await assertProblem(outbound.getJson(`https://localhost:${target.port}/`, NOTHING), /not public/);
    untouched();
  });

  test('a permitted host may have addresses inside, and its metadata server stays out of reach', async () => {
    const permitted = { ...NOTHING, hosts: [`issuer.test:${target.port}`] };
    const at = (address: string, family: 4 | 6) =>
      door({ resolve: async () => [{ address, family }] }).getJson(`https://issuer.test:${target.port}/`, permitted);
    for (const address of ['169.254.169.254', '169.254.170.2', '100.100.100.200', '168.63.129.16', '0.0.0.0']) {
      await assertProblem(at(address, 4), /where no issuer can be/);
    }
    for (const address of ['fd00:ec2::254', 'fe80::1', '::ffff:169.254.169.254', '::ffff:127.0.0.1', '::']) {
      await assertProblem(at(address, 6), /where no issuer can be/);
    }
    untouched();
    assert.equal(new TextDecoder().decode((await at('127.0.0.1', 4)).bytes), '{}');
    assert.equal(target.connections(), 1);
  });
});
