import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { generateTrust } from '../../src/trust/generate/generate.ts';
import { isNotGenerated } from '../../src/trust/generate/generated.ts';
import { FACTS, INPUTS } from '../../test/trust/generate/facts.ts';
import { SCOPES } from '../../test/trust/generate/hostile.ts';
import type { Conversation } from './conversation.ts';
import type { NpmPackages } from './installed.ts';

/** The libraries of Pulumi that know which properties a resource has. */
export const pulumiPackages: NpmPackages = {
  name: 'pulumi-types',
  version: '2026-11',
  packages: ['@pulumi/aws@7.48.0', '@pulumi/azuread@6.9.1', '@pulumi/gcp@9.37.0', '@pulumi/vault@7.8.0'],
};

const TSC = fileURLToPath(new URL('../../node_modules/.bin/tsc', import.meta.url));

interface Program {
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly resources: Readonly<Record<string, Resource>>;
}

interface Resource {
  readonly type: string;
  readonly properties: unknown;
  readonly options?: unknown;
}

/** Programs are turned into TypeScript: a property that is missing, unknown or of another type does not compile. */
export const checkPulumiTypes = async (conversation: Conversation, folder: string): Promise<void> => {
  const home = await conversation.home();
  const programs = join(folder, 'programs');
  await mkdir(programs, { recursive: true });
  for (const cloud of ['aws', 'azure', 'google', 'vault'] as const) {
    await conversation.line(`the types of Pulumi’s own packages fit Pulumi.yaml for ${cloud}`, async () => {
      const files: string[] = [];
      for (const [index, scope] of SCOPES.entries()) {
        const inputs = { ...INPUTS, ...(index > 0 && { googleKeys: 'public/jwks' }) };
        const generated = generateTrust({ target: 'pulumi', cloud, scope, issuer: 'v1', inputs }, FACTS);
        if (isNotGenerated(generated)) continue;
        const file = join(programs, `${cloud}-${index}.ts`);
        await writeFile(file, asTypeScript(parse(generated.files[0]?.content ?? '')));
        files.push(file);
      }
      assert.ok(files.length > 0);
      const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2024'];
      const { status, stdout } = await home.run(TSC, ['--ignoreConfig', ...options, '--types', '', ...files]);
      assert.equal(status, 0, stdout);
      return `${files.length} programs`;
    });
  }
};

const asTypeScript = ({ variables = {}, resources }: Program): string => {
  const packages = new Set([
    ...Object.values(resources).map(({ type }) => type.split(':')[0] ?? ''),
    ...Object.values(variables).map((value) => functionOf(value).split(':')[0] ?? ''),
  ]);
  return [
    ...[...packages].map((name) => `import * as ${name} from '@pulumi/${name}';`),
    'declare const readFile: (path: string) => string;',
    ...Object.entries(variables).map(([name, value]) => `const ${name} = ${expression(value)};`),
    ...Object.entries(resources).map(
      ([name, { type, properties, options = {} }]) =>
        `const ${variable(name)} = new ${type.replaceAll(':', '.')}(${JSON.stringify(name)}, ${expression(properties)}, ${expression(options)});`,
    ),
    `export default [${Object.keys(resources).map(variable).join(', ')}];\n`,
  ].join('\n');
};

const variable = (name: string): string => name.replaceAll('-', '_');

const functionOf = (value: unknown): string =>
  (value as { readonly 'fn::invoke': { readonly function: string } })['fn::invoke'].function;

/** A value of Pulumi YAML as TypeScript has it. */
const expression = (value: unknown): string => {
  if (typeof value === 'string') return /^\$\{(.*)\}$/.exec(value)?.[1] ?? JSON.stringify(value.replaceAll('$$', '$'));
  if (Array.isArray(value)) return `[${value.map(expression).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value);
  const [called, given] = entries[0] ?? [];
  if (called === 'fn::toJSON') return `JSON.stringify(${expression(given)})`;
  if (called === 'fn::readFile') return `readFile(${expression(given)})`;
  if (called === 'fn::invoke') {
    const { arguments: parameters, return: member } = given;
    return `${functionOf(value).replace(':', '.')}Output(${expression(parameters)}).${member}`;
  }
  return `{ ${entries.map(([name, of]) => `${JSON.stringify(name)}: ${expression(of)}`).join(', ')} }`;
};
