import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { runInEnvironment } from '../../src/cli/commands/env/run.ts';
import { describeDiagnostic } from '../../src/cli/env-output/diagnostics.ts';
import type { Signal, Surroundings } from '../../src/cli/surroundings.ts';
import { diagnostic, type EnvStub, startEnvStub, told } from './env-stub.ts';
import { type Desk, makeDesk, TOKEN } from './trust-stub.ts';

const DEFINITION = '# about\nimports:\n  - base # why\nvalues:\n  region: eu # here\n  n: 1.50\n';

describe('what the commands about environments say when something is wrong', () => {
  let stub: EnvStub;
  let desk: Desk;
  before(async () => {
    stub = await startEnvStub();
    desk = makeDesk({ RUNPASS_URL: stub.url, RUNPASS_ACCESS_TOKEN: TOKEN, PATH: process.env['PATH'] ?? '' });
  });
  beforeEach(() => {
    stub.heard.length = 0;
    stub.diagnostics = [];
    stub.values = {};
    stub.environments.set('core/dev', { revisions: ['values: {}\n', DEFINITION], tags: new Map() });
    stub.environments.set('default/db', { revisions: ['values: {}\n'], tags: new Map() });
  });
  after(() => {
    stub.stop();
    desk.remove();
  });

  test('what is wrong stands below the line where it is, all of it, and warnings forbid nothing', async () => {
    const warning = diagnostic('odd', 6, 3, 4, { severity: 'warning' });
    stub.diagnostics = [diagnostic('unknown property "regoin"; did you mean "region"?', 5, 11, 13), warning];
    const { status, stdout, stderr } = await desk.run(['env', 'check', 'core/dev']);
    assert.equal(status, 1);
    assert.equal(
      stdout,
      [
        'core/dev:5:11: error: unknown property "regoin"',
        '  5 |   region: eu # here',
        '    |           ^^',
        '  suggestion: "region"',
        'core/dev:6:3: warning: odd',
        '  6 |   n: 1.50',
        '    |   ^',
        '',
      ].join('\n'),
    );
    assert.equal(stderr, 'error: core/dev has 1 error and 1 warning.\n');

    stub.diagnostics = [warning];
    const end = await desk.run(['env', 'check', '--file', '-'], { stdin: 'a\nb\nc\nd\ne\nf\tg\n' });
    assert.deepEqual([end.status, end.stdout], [0, '<stdin>:6:3: warning: odd\n  6 | f?g\n    |   ^\n']);
  });

  test('what was probably meant is told where the message itself does not say it', async () => {
    const field = "Field 'valeus' does not exist on Object 'environment'. Existing fields are: 'values', 'imports'";
    const prefix = "'fn::' is a reserved prefix";
    stub.diagnostics = [
      diagnostic(field, 1, 1, 7),
      diagnostic(prefix, 2, 5, 13),
      diagnostic(prefix, 3, 5, 23),
      diagnostic(prefix, 4, 5, 13),
      diagnostic("Field 'xyz' does not exist on Object 'environment'. Existing fields are: 'values'", 1, 1, 4),
      diagnostic('unknown provider "aws-logn"', 5, 5, 23),
    ];
    const stdin =
      'valeus: 1\na: {fn::jion: 1}\nb: {fn::opn::aws-login: 1}\nc: {fn::what: 1}\nd: {fn::open::aws-logn: 1}\n';
    const { stdout } = await desk.run(['env', 'check', '--file', '-'], { stdin });
    const suggestions = stdout.split('\n').filter((line) => line.startsWith('  suggestion'));
    assert.deepEqual(suggestions, [
      '  suggestion: "values"',
      '  suggestion: "fn::join"',
      '  suggestion: "fn::open::aws-login"',
      '  suggestion: "aws-login"',
    ]);
  });

  test('what is wrong in an imported environment shows that one’s line', async () => {
    const range = { environment: 'db', begin: { line: 1, column: 9, byte: 0 }, end: { line: 1, column: 11, byte: 0 } };
    stub.diagnostics = [diagnostic('bad', 1, 1, 1, { range })];
    const { stdout, stderr, status } = await desk.run(['env', 'open', 'core/dev']);
    assert.deepEqual([status, stdout], [1, '']);
    assert.match(
      stderr,
      /^db:1:9: error: bad\n {2}1 \| values: \{\}\n {4}\| {9}\^\^\nerror: core\/dev has 1 error\.\n/,
    );
  });

  for (const [what, args, says] of [
    ['a name of four parts', ['get', 'a/b/c/d'], /names an organization|not the name/],
    ['too many parts', ['get', 'a/b/c/d'], /^error: "a\/b\/c\/d" is not the name of an environment\.$/m],
    ['an organization that can be none', ['get', 'A!/b/c'], /no name of an organization/],
    ['a version where the newest is changed', ['set', 'core/dev@1', 'a', '1'], /leave out "@1"/],
    ['a path that is none', ['get', 'core/dev', 'a['], /no path of a property/],
    ['a value that is no YAML', ['set', 'core/dev', 'a', 'b: c: d'], /no YAML: .* at line 1, column \d+\.\n.*--string/],
    [
      'a format of the whole with a property',
      ['open', 'core/dev', 'a', '--format', 'shell'],
      /of the whole environment/,
    ],
    ['a file that is not there', ['check', '--file', 'none.yaml'], /none\.yaml cannot be read/],
    ['a check of nothing', ['check'], /not said what to check/],
    ['a run of nothing', ['run', 'core/dev'], /missing required argument/],
    ['two things to get', ['get', 'core/dev', '--definition', '--value', 'json'], /--definition or --value/],
    ['two organizations', ['check', 'acme/core/dev', '--org', 'umbrella'], /Two organizations/],
    ['tokens in another format', ['open', 'core/dev', '--tokens-only', '--format', 'yaml'], /leave out --format/],
    ['a secret in the clear', ['set', 'core/dev', 'a', 'b', '--secret', '--plaintext'], /--secret or --plaintext/],
    ['a tag that leads elsewhere', ['tag', 'core/dev', '..'], /no name of a tag/],
  ] as const) {
    test(`${what}: 2, and nothing is changed`, async () => {
      const { status, stderr } = await desk.run(['env', ...args]);
      assert.equal(status, 2, stderr);
      assert.match(stderr, says);
      assert.ok(stub.heard.every(({ method }) => method === 'GET'));
    });
  }

  test('a definition that is no YAML is not edited: 2', async () => {
    stub.environments.set('core/dev', { revisions: ['a: [\n'], tags: new Map() });
    const { status, stderr } = await desk.run(['env', 'set', 'core/dev', 'a', '1']);
    assert.equal(status, 2);
    assert.match(stderr, /The definition is no YAML/);
  });

  test('what is not there is said in the words of the server: 1', async () => {
    const { status, stderr } = await desk.run(['env', 'open', 'core/nope']);
    assert.deepEqual([status, stderr], [1, 'error: There is no environment core/nope. (not_found)\n']);
  });

  for (const args of [
    ['open', 'core/dev', '--format', 'shell'],
    ['get', 'core/dev', '--value', 'dotenv'],
  ]) {
    test(`${args[0]} prints no line that a shell would take for a command`, async () => {
      stub.values = (told({ environmentVariables: { 'A;id': 'x' } }) as { readonly value: object }).value;
      const { status, stdout, stderr } = await desk.run(['env', ...args]);
      assert.deepEqual([status, stdout], [1, '']);
      assert.match(stderr, /"A;id" is no name of a variable/);
    });
  }

  test('a signal that comes before the command begins keeps it from beginning', async () => {
    const said: string[] = [];
    const sink = { isTerminal: false, write: (text: string) => void said.push(text) };
    const around = {
      env: { RUNPASS_URL: stub.url, RUNPASS_ACCESS_TOKEN: TOKEN, PATH: process.env['PATH'] ?? '' },
      cwd: desk.folder,
      home: desk.home,
      system: { clock: desk.clock },
      stdout: sink,
      stderr: sink,
      stdin: { isTerminal: false },
      childOutput: {},
      onSignal: (heard: (signal: Signal) => void) => heard('SIGTERM'),
    } as unknown as Surroundings;
    await assert.rejects(
      runInEnvironment(around, 'core/dev', ['sh', '-c', 'exit 3'], { lifetime: 60 }),
      /Stopped by SIGTERM before the command began/,
    );
  });

  test('of a long line, what is around the place is shown', () => {
    const range = { environment: '', line: 1, column: 5001, endLine: 1, endColumn: 5004 };
    const text = `${'é'.repeat(5000)}abc${'x'.repeat(100_000)}`;
    const told = { severity: 'error', summary: 'bad', path: '', range } as const;
    const [, line = '', carets = ''] = describeDiagnostic(told, { name: 'f', text });
    assert.ok(line.length < 200);
    assert.equal(line.slice(carets.indexOf('^'), carets.lastIndexOf('^') + 1), 'abc');
  });

  test('what a definition says moves no cursor', () => {
    const range = { environment: '', line: 1, column: 1, endLine: 1, endColumn: 2 };
    const told = { severity: 'error', summary: 'bad \x1b[2J', path: '', range } as const;
    const lines = describeDiagnostic(told, { name: 'f\x1b', text: 'a\x1b[2J\x9b' });
    assert.ok(!/\p{Cc}/u.test(lines.join('')));
  });
});
