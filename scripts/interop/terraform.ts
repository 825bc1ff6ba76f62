import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { generateTrust } from '../../src/trust/generate/generate.ts';
import { isNotGenerated } from '../../src/trust/generate/generated.ts';
import { FACTS, INPUTS } from '../../test/trust/generate/facts.ts';
import { HOSTILE_AUDIENCE, HOSTILE_FACTS, SCOPES } from '../../test/trust/generate/hostile.ts';
import { type Block, rebuilt, sorted } from '../../test/trust/generate/rebuilt.ts';
import type { Conversation } from './conversation.ts';
import type { GoProgram } from './go-programs.ts';

/** The reader of Terraform's language, as a library: see hcl.go, which is ours. */
export const hcl = (version: string): GoProgram => ({
  name: 'hcl',
  path: 'github.com/hashicorp/hcl/v2',
  version,
  main: readFileSync(new URL('hcl.go', import.meta.url), 'utf8'),
});

interface Answer {
  readonly problem?: string;
  readonly blocks: readonly Block[];
}

/** What stands in `trust.tf`, read by HCL itself, is the document that was proved. */
export const readTerraform = async (conversation: Conversation, binary: string): Promise<void> => {
  for (const cloud of ['aws', 'azure', 'google', 'vault'] as const) {
    await conversation.line(`HCL reads trust.tf for ${cloud} as the proved document`, async () => {
      const written = SCOPES.flatMap((scope) =>
        [FACTS, HOSTILE_FACTS].flatMap((facts) =>
          (['v1', 'v2'] as const).flatMap((issuer) => {
            const inputs = { ...INPUTS, googleKeys: 'public/jwks' };
            const request = { target: 'terraform', cloud, scope, issuer, audience: HOSTILE_AUDIENCE, inputs } as const;
            const generated = generateTrust(request, facts);
            return isNotGenerated(generated) ? [] : [generated];
          }),
        ),
      );
      assert.ok(written.length >= SCOPES.length);
      const texts = written.map(({ files }) => files[0]?.content ?? '');
      const input = texts.map((text) => JSON.stringify({ text })).join('\n');
      const { stdout, status, stderr } = spawnSync(binary, { input, encoding: 'utf8' });
      assert.equal(status, 0, stderr);
      for (const [at, line] of stdout.trim().split('\n').entries()) {
        const { problem, blocks } = JSON.parse(line) as Answer;
        assert.equal(problem, undefined, `${problem}\n${texts[at]}`);
        assert.deepEqual(sorted(rebuilt(cloud, blocks)), sorted(JSON.parse(written[at]?.document ?? '')));
      }
      return `${written.length} files`;
    });
  }
};

/** `terraform fmt` has nothing to say about what is generated. */
export const formatTerraform = async (conversation: Conversation, terraform: string): Promise<void> => {
  for (const cloud of ['aws', 'azure', 'google', 'vault'] as const) {
    await conversation.line(`terraform fmt -check of trust.tf for ${cloud}`, async () => {
      const home = await conversation.home();
      for (const [index, scope] of SCOPES.entries()) {
        const generated = generateTrust({ target: 'terraform', cloud, scope, issuer: 'v1', inputs: INPUTS }, FACTS);
        if (!isNotGenerated(generated)) await home.file(`${index}.tf`, generated.files[0]?.content ?? '');
      }
      const { status, stdout, stderr } = await home.run(terraform, ['fmt', '-check', '-diff', home.folder]);
      assert.equal(status, 0, stdout + stderr);
      return 'formatted';
    });
  }
};
