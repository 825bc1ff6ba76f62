import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { IssuerProblem } from '../../src/issuers/issuer-keys.ts';
import { importKeySet } from '../../src/issuers/key-set.ts';
import { readJws } from '../../src/issuers/token-text.ts';
import { verifySignature } from '../../src/issuers/verify.ts';

const FOLDER = new URL('../../../shared/vectors/wycheproof/', import.meta.url);
const skip = existsSync(FOLDER) ? false : 'the Wycheproof vectors are not on this machine (../shared/vectors)';

interface Group {
  readonly comment: string;
  readonly public?: unknown;
  readonly private: unknown;
  readonly tests: readonly Vector[];
}
interface Vector {
  readonly tcId: number;
  readonly comment: string;
  readonly jws?: unknown;
  readonly jwe?: unknown;
  readonly result: 'valid' | 'invalid';
}

/** Valid by the vectors' own word, and refused here. Nothing else that is valid may be refused. */
const EXCEPTIONS: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  json_web_signature: {
    346: 'the key says PS256 and the header PS384: a key is for the algorithm that it names',
    347: 'the key says ES521, an algorithm that does not exist',
    350: 'the key says PS256 and the header PS384: a key is for the algorithm that it names',
    351: 'the key says ES521, an algorithm that does not exist',
    372: 'a "?" stands in the header, which is no character of base64url',
    373: 'a "?" stands in the payload, which is no character of base64url',
  },
};

/** Valid for symmetric keys and for encryption: whole kinds that no subject token can be of. */
const OTHER_KINDS: Readonly<Record<string, readonly number[]>> = {
  json_web_signature: [1, 348, 352, 357, 358, 359, 376, 377],
  json_web_key: [2, 13, 14, 15],
  json_web_crypto: [1, 48, 50, 67],
};

/**
 * Refused for their base64 alone, though their algorithm (HS256) would be refused next. Not 367 and 370: they are
 * called invalid, and are the same text as 357, which is called valid.
 */
const BASE64 = [360, 361, 362, 363, 364, 365, 366, 368, 369, 371, 372, 373, 374, 375];

const load = (name: string): readonly Group[] =>
  JSON.parse(readFileSync(new URL(`${name}_test.json`, FOLDER), 'utf8')).testGroups;

/** The vectors' symmetric keys have no public half: what an issuer would publish is then the key itself. */
const keySetOf = ({ public: published, private: secret }: Group): unknown => {
  const key = published ?? secret;
  return typeof key === 'object' && key !== null && 'keys' in key ? key : { keys: [key] };
};

/** The path of a token as far as it goes without claims: vectors have none. */
const outcomeOf = async (group: Group, { jws, jwe }: Vector): Promise<string> => {
  const signed = jws ?? jwe;
  const read = readJws(typeof signed === 'string' ? signed : JSON.stringify(signed));
  if ('problem' in read) return read.problem;
  const keys = await importKeySet(keySetOf(group)).catch((reason: unknown) => {
    if (reason instanceof IssuerProblem) return reason;
    throw reason;
  });
  if (keys instanceof IssuerProblem) return 'key set refused';
  const named = keys.filter(({ kid }) => kid === undefined || kid === read.header.kid);
  return verifySignature(read, named)?.problem ?? 'accepted';
};

describe('the vectors of Wycheproof', { skip }, () => {
  for (const [name, count] of [
    ['json_web_signature', 401],
    ['json_web_key', 26],
    ['json_web_crypto', 83],
  ] as const) {
    test(`${name}: every invalid one is refused, and every valid one accepted but for those listed`, async () => {
      const outcomes = [];
      for (const group of load(name)) {
        for (const vector of group.tests) outcomes.push({ ...vector, outcome: await outcomeOf(group, vector) });
      }
      assert.equal(outcomes.length, count);

      const accepted = outcomes.filter(({ outcome }) => outcome === 'accepted');
      assert.deepEqual(
        accepted.filter(({ result }) => result === 'invalid').map(({ tcId }) => tcId),
        [],
      );

      const refused = outcomes.filter(({ result, outcome }) => result === 'valid' && outcome !== 'accepted');
      const listed = [...Object.keys(EXCEPTIONS[name] ?? {}).map(Number), ...(OTHER_KINDS[name] ?? [])];
      assert.deepEqual(
        refused.map(({ tcId }) => tcId),
        listed.sort((one, other) => one - other),
      );
    });
  }

  test('what has another kind is refused as that: by algorithm or by form', async () => {
    for (const [name, ids] of Object.entries(OTHER_KINDS)) {
      for (const group of load(name)) {
        for (const vector of group.tests.filter(({ tcId }) => ids.includes(tcId))) {
          const expected = vector.jwe === undefined ? 'unsupported_algorithm' : 'malformed_token';
          assert.equal(await outcomeOf(group, vector), expected, `${name} ${vector.tcId}`);
        }
      }
    }
  });

  test('base64 that is not canonical is refused before anything else is looked at', async () => {
    const groups = load('json_web_signature').filter(({ comment }) => comment === 'base64');
    const vectors = groups.flatMap((group) => group.tests.map((vector) => ({ group, vector })));
    for (const { group, vector } of vectors) {
      const expected = BASE64.includes(vector.tcId) ? 'malformed_token' : 'unsupported_algorithm';
      assert.equal(await outcomeOf(group, vector), expected, `${vector.tcId} ${vector.comment}`);
    }
  });

  test('weak, mixed and contradictory key sets are refused as a whole', async () => {
    const refusals: Record<string, string> = {};
    for (const group of load('json_web_key')) {
      await importKeySet(keySetOf(group)).catch((reason: Error) => {
        for (const { tcId } of group.tests) refusals[tcId] = reason.message;
      });
    }
    const expected: Readonly<Record<number, RegExp>> = {
      1: /symmetric/,
      7: /^keys\[0\]\.n .*ROCA/,
      8: /^keys\[0\]\.n .*1024 bits/,
      9: /^keys\[0\]\.e .*odd number from 3/,
      19: /no key that can verify/,
      20: /no key that can verify/,
      21: /no key that can verify/,
      22: /^keys\[0\] .*cannot be imported/,
      23: /^keys\[0\]\.alg .*this type and curve/,
      24: /^keys\[0\]\.alg .*this type and curve/,
    };
    for (const [tcId, problem] of Object.entries(expected)) assert.match(refusals[tcId] ?? '', problem, tcId);
  });
});
