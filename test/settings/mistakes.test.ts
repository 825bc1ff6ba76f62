import assert from 'node:assert/strict';
import { test } from 'node:test';
import { problemsOf } from './workspace.ts';

const FILE = 'config/runpass.yaml';

const MISTAKES: readonly (readonly [string, string, string])[] = [
  [
    'syntax',
    'http: {port: 80',
    `${FILE}:1:16: is not YAML: Flow map in block collection must be sufficiently indented and end with a }`,
  ],
  [
    'a wrong type',
    'http:\n  port: many',
    `${FILE}:2:9: http.port: is the text "many"; write a whole number from 0 to 65535`,
  ],
  ['an unknown key', 'htpp: {}', `${FILE}:1:1: htpp: is not a known key; write "http"`],
  ['a duplicate key', 'log: {}\nlog: {}', `${FILE}:2:1: the key "log" stands here twice; leave one of them out`],
  [
    'an impossible timing',
    'keys:\n  publishAhead: 300',
    `${FILE}:2:17: keys.publishAhead: is 300; must be at least 340 s`,
  ],
  [
    'an impossible timing of one issuer',
    'issuers:\n  v2:\n    keys:\n      rotationPeriod: 3600',
    `${FILE}:4:23: issuers.v2.keys.rotationPeriod: is 3600; must be at least`,
  ],
  [
    'a time out of range',
    'keys: {cacheMaxAge: 10}',
    `${FILE}:1:21: keys.cacheMaxAge: is 10; write a whole number from 60 to 3600`,
  ],
  [
    'http: on another host',
    'url: http://id.example.com',
    `${FILE}:1:6: url: is http: on a host that is not this machine, so tokens would travel unprotected; write https://id.example.com`,
  ],
  [
    'http: on a host that only looks like this machine',
    'url: http://127.0.0.1.example.com',
    `${FILE}:1:6: url: is http: on a host`,
  ],
  ['another protocol', 'url: ftp://localhost', `${FILE}:1:6: url: is not an https URL; write one such as https://`],
  [
    'a trailing slash',
    'url: https://id.example.com/',
    `${FILE}:1:6: url: ends with a slash; write https://id.example.com`,
  ],
  ['a path', 'url: https://id.example.com/x', `${FILE}:1:6: url: has a path`],
  ['a query', 'url: https://id.example.com?', `${FILE}:1:6: url: has a query; write https://id.example.com`],
  ['a fragment', 'url: "https://id.example.com#"', `${FILE}:1:6: url: has a fragment; write https://id.example.com`],
  [
    'a user in the URL',
    'url: https://me:pass@id.example.com',
    `${FILE}:1:6: url: holds a user or password; write https://id.example.com`,
  ],
  [
    'upper case in the URL',
    'url: https://ID.example.com',
    `${FILE}:1:6: url: has upper-case letters; write https://id.example.com`,
  ],
  [
    'a default port',
    'url: https://id.example.com:443',
    `${FILE}:1:6: url: is not in its plain form; write https://id.example.com`,
  ],
  [
    'an issuer that is too long',
    `url: https://${'a.'.repeat(120)}example.com`,
    `${FILE}:1:6: url: makes issuers of more than 255 characters`,
  ],
  [
    'an unknown store',
    'store: {url: "mysql://x"}',
    `${FILE}:1:14: store.url: is not a store that Runpass knows; write sqlite:PATH, memory:`,
  ],
  [
    'replicas of SQLite',
    'store: {replicas: 1}',
    `${FILE}:1:19: store.replicas: is 1, and only Redis has replicas; write 0`,
  ],
  ['a password file beside SQLite', 'store: {passwordFile: x}', `${FILE}:1:23: store.passwordFile: is for Redis only`],
  [
    'two passwords',
    'store: {url: "redis://:x@h", passwordFile: x}',
    `${FILE}:1:44: store.passwordFile: stands beside a password`,
  ],
  [
    'an authority without TLS',
    'store: {url: "redis://h", caFile: x}',
    `${FILE}:1:35: store.caFile: is for a Redis with TLS only`,
  ],
  [
    'a password file that is not there',
    'store: {url: "redis://h", passwordFile: none}',
    `${FILE}:1:41: store.passwordFile: cannot be used:`,
  ],
  [
    'an authority that is none',
    `store: {url: "rediss://h", caFile: config/runpass.yaml}`,
    `${FILE}:1:36: store.caFile: cannot be used:`,
  ],
  [
    'a lifetime longer than the ring may sign',
    'issuers: {v1: {defaultLifetime: 3600}}\nkeys: {maxLifetime: 1800}',
    `${FILE}:1:33: issuers.v1.defaultLifetime: is 3600, longer than keys.maxLifetime, which is 1800; write 1800 or less`,
  ],
  [
    'a deadline past the longest run',
    'runs: {defaultDeadline: 3600, maxDuration: 600}',
    `${FILE}:1:25: runs.defaultDeadline: is 3600, more than runs.maxDuration, which is 600; write 600 or less`,
  ],
  [
    'an access token past its maximum',
    'accessTokens: {maxLifetime: 600}',
    `${FILE}:1:15: accessTokens.defaultLifetime: is 7200, more than`,
  ],
  [
    'runs kept longer than their audit records',
    'retention: {audit: 2592000}',
    `${FILE}:1:12: retention.finishedRuns: is 7776000, more than retention.audit`,
  ],
  [
    'decisions kept longer than their audit records',
    'retention: {audit: 86400, finishedRuns: 86400}',
    `${FILE}:1:12: retention.decisions: is 2592000, more than`,
  ],
  [
    'a proxy that is no range',
    'http: {trustedProxies: [10.0.0.0/33]}',
    `${FILE}:1:25: http.trustedProxies[0]: is not an address range; write an address or range such as 10.0.0.0/8`,
  ],
  [
    'an environment audience',
    'organizations: {acme: {audiences: ["aws:acme"]}}',
    `${FILE}:1:36: organizations.acme.audiences[0]: begins with "aws:"`,
  ],
  [
    "another organization's name as an audience",
    'organizations: {acme: {audiences: [other]}, other: {}}',
    `${FILE}:1:36: organizations.acme.audiences[0]: is the name of an organization`,
  ],
  [
    'its own name as an audience',
    'organizations: {acme: {audiences: [acme]}}',
    `${FILE}:1:36: organizations.acme.audiences[0]: is the name of an organization`,
  ],
  [
    'an audience of too many bytes',
    `organizations: {acme: {audiences: ["${'ä'.repeat(300)}"]}}`,
    `${FILE}:1:36: organizations.acme.audiences[0]: cannot be an audience`,
  ],
  [
    'an audience twice',
    'organizations: {acme: {audiences: [x, x]}}',
    `${FILE}:1:39: organizations.acme.audiences[1]: stands in the list twice`,
  ],
  [
    'an issuer host that is a URL',
    'organizations: {acme: {issuerHosts: ["https://a.example.com"]}}',
    `${FILE}:1:38: organizations.acme.issuerHosts[0]: is the text "https://a.example.com"; write a host in lower case`,
  ],
  [
    'an issuer host with a port that is none',
    'organizations: {acme: {issuerHosts: ["a.example.com:70000"]}}',
    `${FILE}:1:38: organizations.acme.issuerHosts[0]: is not a host; write a host name or address, and a port up to 65535`,
  ],
  [
    'an issuer host that a URL would write in another way',
    'organizations: {acme: {issuerHosts: ["127.1:8443"]}}',
    `${FILE}:1:38: organizations.acme.issuerHosts[0]: is not in its plain form; write 127.0.0.1`,
  ],
  [
    'an issuer host twice',
    'organizations: {acme: {issuerHosts: [a, a]}}',
    `${FILE}:1:41: organizations.acme.issuerHosts[1]: stands in the list twice`,
  ],
  [
    'a personal claim that is no text',
    'exchange: {personalClaims: [1]}',
    `${FILE}:1:29: exchange.personalClaims[0]: is 1; write it in quotes if you mean the text: "1"`,
  ],
  [
    'a name that no organization can have',
    'organizations: {Acme: {}}',
    `${FILE}:1:17: organizations.Acme: is not a name that may stand here`,
  ],
];

for (const [name, document, expected] of MISTAKES) {
  test(`${name} is refused with its place and what to write instead`, async () => {
    const problems = await problemsOf(document);
    assert.equal(problems.slice(0, expected.length), expected);
    assert.equal(problems.split('\n').length, 1, problems);
    assert.match(problems, /: .+; .+/);
  });
}

for (const prefix of ['aws:', 'azure:', 'gcp:', 'vault:', 'doppler:', 'infisical:', 'snowflake:']) {
  test(`an audience that begins with ${prefix} is refused`, async () => {
    assert.match(
      await problemsOf(`organizations: {acme: {audiences: ["${prefix}x"]}}`),
      new RegExp(`begins with "${prefix}"`),
    );
  });
}
