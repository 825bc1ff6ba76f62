import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { freePort } from '../redis.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
const blocks = (language: string): readonly string[] =>
  [...readme.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].flatMap(([, found, text = '']) =>
    found === language ? [text] : [],
  );

test("the README's first screen gives a token that says what the README shows, verified by the issuer URL alone", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'runpass-readme-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(join(ROOT, 'config'), join(folder, 'config'), { recursive: true });
  const url = `http://localhost:${await freePort()}`;
  const env = { ...process.env, RUNPASS_URL: url };
  const bin = join(ROOT, 'src', 'main.ts');

  const server = spawn(process.execPath, [bin, 'serve'], { cwd: folder, env, stdio: 'ignore' });
  t.after(() => server.kill('SIGKILL'));
  const ready = () =>
    fetch(`${url}/readyz/issue`).then(
      ({ ok }) => ok,
      () => false,
    );
  for (const end = performance.now() + 30_000; !(await ready()); )
    assert.ok(performance.now() < end, 'it never got ready');

  const script = blocks('sh').find((block) => block.includes('runpass run start'));
  assert.ok(script, 'the README starts a run');
  const ran = script
    .replaceAll('npx runpass', `"${process.execPath}" "${bin}"`)
    .replaceAll(/^node /gm, `"${process.execPath}" `);
  const token = execFileSync('sh', ['-ec', ran], { cwd: folder, env, encoding: 'utf8' }).trim();

  const [shown = ''] = blocks('json');
  const [header = '', ...claims] = shown.split('\n');
  assert.deepEqual(Object.keys(decodeProtectedHeader(token)), Object.keys(JSON.parse(header)));
  const said = JSON.parse(claims.join('\n')) as Record<string, unknown>;
  const got = decodeJwt(token) as Record<string, unknown>;
  assert.deepEqual(Object.keys(got).sort(), Object.keys(said).sort());
  for (const name of ['sub', 'aud', 'stackId', 'org', 'project', 'stack', 'operation', 'deployment', 'scope']) {
    assert.equal(got[name], said[name], name);
  }

  const discovery = (await (await fetch(`${url}/oidc/.well-known/openid-configuration`)).json()) as {
    jwks_uri: string;
    issuer: string;
  };
  await jwtVerify(token, createRemoteJWKSet(new URL(discovery.jwks_uri)), {
    issuer: discovery.issuer,
    audience: 'acme',
  });

  server.kill('SIGTERM');
  assert.deepEqual(await once(server, 'exit'), [0, null]);
});

test("the README's trust policy names this issuer's condition keys and the subject that tokens carry", () => {
  const policy = JSON.parse(blocks('json')[1] ?? '{}') as {
    Statement: readonly { Principal: { Federated: string }; Condition: { StringEquals: Record<string, string> } }[];
  };
  const [statement] = policy.Statement;
  const prefix = statement?.Principal.Federated.split(':oidc-provider/')[1];
  assert.deepEqual(statement?.Condition.StringEquals, {
    [`${prefix}:aud`]: 'acme',
    [`${prefix}:sub`]: 'pulumi:deploy:org:acme:project:core:stack:dev:operation:update:scope:write',
  });
});
