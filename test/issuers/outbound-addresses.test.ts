import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { reachOf } from '../../src/issuers/outbound/addresses.ts';

const all = (addresses: readonly string[], reach: string): void =>
  assert.deepEqual(
    addresses.filter((address) => reachOf(address) !== reach),
    [],
  );

const v4 = fc.tuple(...Array.from({ length: 4 }, () => fc.nat(255)));
const hex = (high: number, low: number): string => ((high << 8) | low).toString(16);

describe('where an address leads', () => {
  test('to the internet: what IANA gave out for it', () => {
    all(
      ['1.1.1.1', '8.8.8.8', '140.82.112.3', '172.15.255.255', '172.32.0.0', '100.63.255.255', '100.128.0.0'],
      'public',
    );
    all(['169.253.255.255', '169.255.0.0', '223.255.255.255', '198.17.255.255', '198.20.0.0'], 'public');
    all(['2606:4700::1', '2a00:1450:4001::1', '2001:4860:4860::8888', '2003::1'], 'public');
  });

  test('into a network: private, shared and loopback addresses, both ends of each range', () => {
    all(['10.0.0.0', '10.255.255.255', '172.16.0.0', '172.31.255.255', '192.168.0.0', '192.168.255.255'], 'inside');
    all(['100.64.0.0', '100.127.255.255', '127.0.0.0', '127.255.255.255'], 'inside');
    all(['::1', 'fc00::', 'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'], 'inside');
  });

  test('nowhere: unspecified, link-local, multicast, reserved, documentation, benchmarking, broadcast', () => {
    all(['0.0.0.0', '0.255.255.255', '169.254.0.0', '169.254.169.254', '169.254.255.255'], 'never');
    all(['224.0.0.0', '239.255.255.255', '240.0.0.0', '255.255.255.255', '192.0.0.1', '192.0.2.1'], 'never');
    all(['198.18.0.0', '198.19.255.255', '198.51.100.1', '203.0.113.1', '192.88.99.1', '192.175.48.1'], 'never');
    all(['::', 'fe80::1', 'fe80::1%1', 'febf::1', 'fec0::1', 'ff02::1', '100::1', '2001:db8::1', '3fff::1'], 'never');
    all(['2001:2::1', '2001:10::1', '2001:20::1', '2001:1::1', '5f00::1', '4000::1', '1::1', '::8:0:0:1'], 'never');
  });

  test('nowhere: the metadata servers of clouds, wherever their addresses lie', () => {
    all(['168.63.129.16', '100.100.100.200', 'fd00:ec2::254', 'fd00:ec2::23', 'fd20:ce::254', 'fd00:42::42'], 'never');
    all(['168.63.129.17', '2606:4700::42'], 'public');
  });

  test('nowhere: an IPv4 address inside an IPv6 one, whatever it is and however it hides', () => {
    fc.assert(
      fc.property(v4, ([a, b, c, d]) => {
        const [high, low] = [hex(a as number, b as number), hex(c as number, d as number)];
        all(
          [
            `::ffff:${a}.${b}.${c}.${d}`, // mapped
            `::${high === '0' ? '1' : high}:${low}`, // compatible
            `::ffff:0:${high}:${low}`, // RFC 6145
            `2002:${high}:${low}::1`, // 6to4
            `2001:0:${high}:${low}::1`, // Teredo
            `64:ff9b::${high}:${low}`, // NAT64
            `64:ff9b:1::${high}:${low}`, // NAT64, local
            `2606:4700::5efe:${high}:${low}`, // ISATAP
            `2606:4700::200:5efe:${high}:${low}`,
          ],
          'never',
        );
      }),
    );
  });

  test('nowhere: a text that is no address', () => {
    all(['', 'localhost', '127.1', '0x7f.0.0.1', '2130706433', '1.2.3', '[::1]', '1.1.1.1 ', '::1::'], 'never');
  });
});
