import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { changePolicy, type PolicyChange } from '../../src/flows/change-policy.ts';
import { readPolicy } from '../../src/flows/read-trust.ts';
import type { DefinitionInFile } from '../../src/policy/file.ts';
import { fingerprint } from '../../src/secret.ts';
import type { HttpsHost } from '../issuers/https-host.ts';
import { declaration } from '../issuers/registrations.ts';
import { makeTrustWorld, startIssuerHost, type TrustWish } from './trust-world.ts';
import { ACME, PRINCIPALS, refuses } from './world.ts';

const { admin, bob } = PRINCIPALS;
const MAIN: DefinitionInFile = {
  decision: 'allow',
  tokenType: 'organization',
  roleID: 'deployer',
  rules: { aud: 'urn:pulumi:org:acme', sub: 'job:acme:main' },
};

let host: HttpsHost;
before(async () => {
  host = await startIssuerHost();
});
after(() => host.stop());

const open = async (wish: TrustWish = {}) => {
  const world = await makeTrustWorld(host, wish);
  const issuer = await world.register();
  const change = (wanted: PolicyChange, principal = admin, id = issuer.policy.id) =>
    changePolicy(world.parts, principal, ACME, id, wanted);
  const stored = async () => (await world.parts.issuers.get('acme', issuer.id))?.policy;
  return { ...world, issuer, change, stored };
};

describe('an administrator changes a policy', () => {
  test('the whole list is replaced, the version grows, and what may be left out is filled in', async () => {
    const { change, stored, issuer, clock, events, parts } = await open();
    clock.advance(60);
    const { issuer: changed, findings } = await change({ policies: [MAIN] });
    const document = { dialect: 'strict', mode: 'enforce', policies: [{ ...MAIN, authorizedPermissions: [] }] };
    assert.deepEqual(changed.policy, { ...issuer.policy, version: 2, modified: clock.seconds, document });
    assert.deepEqual(await stored(), changed.policy);
    assert.deepEqual(findings, []);
    assert.equal(changed.modified, issuer.modified);
    assert.deepEqual(events.at(-1), {
      kind: 'policy.change',
      organization: 'acme',
      actor: 'personal:admin',
      outcome: 'granted',
      detail: {
        policy: issuer.policy.id,
        issuer: issuer.issuer,
        version: 2,
        dialect: 'strict',
        mode: 'enforce',
        definitions: 1,
        document: fingerprint(JSON.stringify(changed.policy.document)),
      },
    });
    await change({ policies: [{ ...MAIN, decision: 'deny' }] });
    assert.deepEqual([(await stored())?.version, (await stored())?.document.policies.length], [3, 1]);
    assert.deepEqual(await readPolicy(parts, admin, ACME, issuer.id), {
      issuer: await parts.issuers.get('acme', issuer.id),
      findings: [],
    });
  });

  test('dialect and mode stay as they are where they are not said', async () => {
    const { change, stored } = await open();
    const after = async (more: Partial<PolicyChange>) => {
      await change({ policies: [MAIN], ...more });
      const document = (await stored())?.document;
      return `${document?.dialect} ${document?.mode}`;
    };
    assert.equal(await after({}), 'strict enforce');
    assert.equal(await after({ dialect: 'pulumi', mode: 'audit' }), 'pulumi audit');
    assert.equal(await after({}), 'pulumi audit');
    assert.equal(await after({ mode: 'enforce' }), 'pulumi enforce');
  });

  test('an empty list is refused, and so is a definition that means nothing', async () => {
    const { change, stored, issuer } = await open();
    const { roleID: _, ...team } = { ...MAIN, tokenType: 'team' } as const;
    const wrong: readonly (readonly [readonly DefinitionInFile[], RegExp])[] = [
      [[], /^policies: policy definition can not be empty$/],
      [[MAIN, team], /^policies\[1\]: has no "teamName"; add/],
      [[{ ...MAIN, rules: { 'a..b': 'x' } }], /^policies\[0\]\.rules\.a\.\.b: .+\.$/],
    ];
    for (const [policies, message] of wrong) {
      await assert.rejects(change({ policies }), (reason: unknown) => {
        refuses('invalid_request')(reason);
        assert.match((reason as Error).message, message);
        return true;
      });
    }
    assert.deepEqual(await stored(), issuer.policy);
  });

  test('an allow that matches every token is refused, whatever reason stands beside it', async () => {
    const { change, stored, issuer, events } = await open();
    for (const rules of [undefined, {}, { sub: '*' }, { aud: '**', sub: '*' }]) {
      const definition = { ...MAIN, reason: 'because', ...(rules ? { rules } : { rules: {} }) };
      await assert.rejects(change({ policies: [MAIN, definition] }), refuses('policy_too_open'));
    }
    assert.deepEqual(await stored(), issuer.policy);
    assert.equal(events.at(-1)?.code, 'policy_too_open');
    await change({ policies: [MAIN, { ...MAIN, decision: 'deny', rules: {} }] });
  });

  test('everything else that the linter points at is answered with what was saved', async () => {
    const { change, stored, parts, issuer } = await open();
    const { findings } = await change({ policies: [{ ...MAIN, rules: { sub: 'job:acme:main' } }] });
    assert.deepEqual(
      findings.map(({ code, index }) => [code, index]),
      [['no_audience_rule', 0]],
    );
    assert.equal((await stored())?.version, 2);
    assert.deepEqual((await readPolicy(parts, admin, ACME, issuer.id)).findings, findings);
  });

  test('a role that the organization does not have is only pointed at', async () => {
    const { change } = await open();
    const { findings } = await change({ policies: [{ ...MAIN, roleID: 'deploier' }] });
    assert.deepEqual(
      findings.map(({ code }) => code),
      ['unknown_role'],
    );
  });

  test('of two at once one is told that somebody was faster, and that is recorded', async () => {
    const { change, stored, events } = await open();
    const both = [MAIN, { ...MAIN, decision: 'deny' as const }];
    const answers = await Promise.allSettled(both.map((definition) => change({ policies: [definition] })));
    const [won] = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
    const [lost] = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason] : []));
    refuses('conflict')(lost);
    assert.deepEqual(await stored(), won?.issuer.policy);
    assert.equal((await stored())?.version, 2);
    assert.deepEqual([events.at(-1)?.outcome, events.at(-1)?.code], ['refused', 'conflict']);
  });

  test('it is for administrators, for a policy that is there, and that no file declares', async () => {
    const { change, parts, stored, issuer, events } = await open({ declared: [declaration()] });
    const [file] = await parts.issuers.list('acme');
    assert.ok(file?.declared);
    const policies = [MAIN];
    await assert.rejects(change({ policies }, bob), refuses('not_permitted'));
    assert.equal(events.at(-1)?.code, 'not_permitted');
    for (const id of [issuer.id, 'no id', '../x']) {
      await assert.rejects(change({ policies }, admin, id), refuses('policy_not_found'));
    }
    await assert.rejects(
      changePolicy(parts, admin, { ...ACME, name: 'umbrella' }, issuer.policy.id, { policies }),
      refuses('policy_not_found'),
    );
    await assert.rejects(change({ policies }, admin, file.policy.id), refuses('declared_in_file'));
    assert.deepEqual(await stored(), issuer.policy);
  });

  test('without its audit record nothing is changed', async () => {
    const { change, stored, state, issuer } = await open();
    state.auditFails = true;
    await assert.rejects(change({ policies: [MAIN] }), /the audit log is full/);
    assert.deepEqual(await stored(), issuer.policy);
  });
});

describe('an administrator reads a policy', () => {
  test('by the id of its issuer, that of a file too; nobody else does', async () => {
    const { parts, issuer } = await open({ declared: [declaration()] });
    const [file] = await parts.issuers.list('acme');
    assert.equal((await readPolicy(parts, admin, ACME, file?.id ?? '')).issuer, file);
    await assert.rejects(readPolicy(parts, bob, ACME, issuer.id), refuses('not_permitted'));
    await assert.rejects(readPolicy(parts, admin, ACME, 'x'), refuses('invalid_request'));
    await assert.rejects(readPolicy(parts, admin, ACME, issuer.policy.id), refuses('trusted_issuer_not_found'));
  });
});
