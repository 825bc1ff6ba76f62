import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { withOtherIssuers, withOtherTimes, withOtherTypesOfClaims } from './attacks-claims.ts';
import { builtOtherwise, withOtherJson, withOtherSignatures, writtenOtherwise } from './attacks-form.ts';
import {
  type Attack,
  withAnotherAlgorithm,
  withOtherAlgorithms,
  withOtherKids,
  withOtherMembers,
  withOtherTypes,
  withoutAlgorithm,
  withPublicKeyAsSecret,
} from './attacks-header.ts';
import { ALGORITHMS, type Court, claimsAt, headerText, makeCourt, NOW } from './tokens.ts';

/** Each corpus, and the algorithms of the issuers that it is tried on. */
const CORPORA: readonly (readonly [string, (court: Court) => readonly Attack[], readonly string[]])[] = [
  ['without an algorithm', withoutAlgorithm, ['ES256']],
  ['of an algorithm that nobody may use', withOtherAlgorithms, ['ES256']],
  ['with the public key as secret', withPublicKeyAsSecret, ['RS256', 'ES256', 'EdDSA']],
  ['of another algorithm than its key', withAnotherAlgorithm, ALGORITHMS],
  ['with other members in its header', withOtherMembers, ['RS256']],
  ['with another kid', withOtherKids, ['ES256']],
  ['of another type', withOtherTypes, ['ES256']],
  ['that is written otherwise', writtenOtherwise, ['RS256', 'ES256', 'EdDSA']],
  ['that is built otherwise', builtOtherwise, ['ES256']],
  ['with other JSON', withOtherJson, ['ES256']],
  ['with another signature', withOtherSignatures, ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA']],
  ['of another issuer', withOtherIssuers, ['ES256']],
  ['whose claims have other types', withOtherTypesOfClaims, ['ES256']],
  ['of another time', withOtherTimes, ['ES256']],
];

/** Rows of the attack table that concern the text of a token; the others are about key sets, stores and answers. */
const ROWS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 14, 15, 16, 18, 20];

describe('a token that somebody made to get in', () => {
  const courts = new Map<string, Court>();
  const tried: Attack[] = [];
  before(async () => {
    for (const alg of ALGORITHMS) courts.set(alg, await makeCourt({ alg }));
  });

  for (const [name, make, algs] of CORPORA) {
    test(`${name} is refused, and the administrator is told why`, async () => {
      for (const alg of algs) {
        const court = courts.get(alg);
        assert.ok(court);
        // The case that all others differ from in one thing.
        assert.equal(
          await court.verdict(
            court.signRaw(headerText(court), JSON.stringify({ iss: court.issuer, ...claimsAt(NOW) })),
          ),
          'accepted',
        );
        for (const attack of make(court)) {
          assert.equal(await court.verdict(attack.text), attack.code, `row ${attack.row}, ${alg}: ${attack.name}`);
          tried.push(attack);
        }
      }
    });
  }

  test('was made in more than 500 ways, and in every row of the table', (t) => {
    const different = new Set(tried.map(({ text }) => text)).size;
    t.diagnostic(`${different} attacks, 0 accepted`);
    assert.ok(different >= 500, `${different}`);
    assert.deepEqual(
      [...new Set(tried.map(({ row }) => row))].sort((one, other) => one - other),
      ROWS,
    );
  });
});
