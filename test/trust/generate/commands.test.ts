import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateTrust } from '../../../src/trust/generate/generate.ts';
import { isNotGenerated, type TrustRequest } from '../../../src/trust/generate/generated.ts';
import { FACTS, INPUTS } from './facts.ts';

const answer = (change: Partial<TrustRequest>) => {
  const scope = { kind: 'runs', project: 'core', stack: 'prod', operations: ['update'] } as const;
  return generateTrust({ target: 'aws', scope, issuer: 'v1', inputs: INPUTS, ...change }, FACTS);
};

const generated = (change: Partial<TrustRequest>) => {
  const given = answer(change);
  if (isNotGenerated(given)) assert.fail(given.problem);
  return given;
};

test('a stack of CloudFormation is for one role, and can be deployed again', () => {
  const stackOf = (awsRole: string): string => {
    const { install } = generated({ target: 'cloudformation', inputs: { ...INPUTS, awsRole } });
    assert.match(install[0] ?? '', / --no-fail-on-empty-changeset$/);
    return / --stack-name=(\S+) /.exec(install[0] ?? '')?.[1] ?? '';
  };
  assert.deepEqual(['deploy', 'runpass-other', '-a=b,'].map(stackOf), [
    'runpass-deploy',
    'runpass-other',
    'runpass-a-b',
  ]);
});

test('a configuration makes the provider of an account, or adds its audience to the one that is there', () => {
  const made = {
    cloudformation: 'AWS::IAM::OIDCProvider',
    terraform: 'openid_connect_provider',
    pulumi: 'OpenIdConnect',
  };
  for (const [target, provider] of Object.entries(made)) {
    const of = (awsProvider?: string) => {
      const inputs = { ...INPUTS, ...(awsProvider !== undefined && { awsProvider }) };
      const { files, install, warnings } = generated({ target: target as 'terraform', inputs });
      return { text: files[0]?.content ?? '', first: install[0] ?? '', warnings: warnings.join('\n') };
    };
    const [make, existing] = [of(), of('existing')];
    assert.ok(make.text.includes(provider) && !existing.text.includes(provider), target);
    assert.match(make.warnings, /has one identity provider .* generate with --aws-provider existing/);
    assert.doesNotMatch(existing.warnings, /identity provider/);
    assert.match(existing.first, /^aws iam add-client-id-to-open-id-connect-provider .* --client-id contoso$/);
    assert.doesNotMatch(make.first, /^aws iam/);
    assert.deepEqual(of('make'), make);
  }
  const wrong = answer({ target: 'terraform', inputs: { ...INPUTS, awsProvider: 'none' } });
  assert.match('problem' in wrong ? wrong.problem : '', /^--aws-provider must be "make", or "existing"/);
  const template = JSON.parse(generated({ target: 'cloudformation' }).files[0]?.content ?? '');
  assert.deepEqual(
    [template.Resources.Provider.DeletionPolicy, template.Resources.Role.DependsOn],
    ['Retain', 'Provider'],
  );
});

test('a name that begins with a dash is no option to the AWS CLI', () => {
  const { install } = generated({ inputs: { ...INPUTS, awsRole: '-deploy' } });
  assert.match(install[1] ?? '', /create-role --role-name=-deploy .* --role-name=-deploy /);
});

test('an audience that the AWS CLI would fetch, parse or take for an option stands in JSON', () => {
  const words = (audience: string): string => generated({ audience }).install[0] ?? '';
  for (const audience of ['https://sts.example.com', 'file://x', '-x', '@x', '//iam.googleapis.com/x']) {
    assert.ok(words(audience).includes(`--client-id-list '["${audience}"]'`), words(audience));
    assert.ok(words(audience).includes(`"ClientID":"${audience}"}'`), words(audience));
  }
  assert.match(words('api:AzureAD/x'), /--client-id-list api:AzureAD\/x .*--client-id api:AzureAD\/x$/);
});

test('an audience that no provider of AWS can list is refused', () => {
  const refused = answer({ audience: 'a'.repeat(256) });
  assert.ok(isNotGenerated(refused));
  assert.match(refused.problem, /255 characters/);
  assert.equal(generated({ audience: 'a'.repeat(255) }).audience.length, 255);
});

test('a credential that is there is updated without its name, which Graph does not let change', () => {
  const { install, files } = generated({ target: 'azure' });
  const [, update = ''] = install[0]?.split(' || ') ?? [];
  const [, parameters = ''] = /--parameters '(.*)'$/.exec(update) ?? [];
  const { name, ...rest } = JSON.parse(files[0]?.content ?? '');
  assert.match(update, new RegExp(`--federated-credential-id ${name} `));
  assert.deepEqual(JSON.parse(parameters), rest);
});

test('commands hold every value as one word, whatever is in it', () => {
  const scope = { kind: 'runs', project: '*', stack: '*', operations: [] } as const;
  const { install } = generated({ target: 'google', scope });
  assert.match(install.join('\n'), /'--attribute-condition=assertion\.stackId\.startsWith\("contoso\/"\)'/);
});

test('no two scopes have one name, also where names are cut or hold what no cloud takes', () => {
  const nameOf = (project: string, stack: string): string => {
    const scope = { kind: 'runs', project, stack, operations: [] } as const;
    return / --role-name=(\S+) /.exec(generated({ scope }).install[1] ?? '')?.[1] ?? '';
  };
  const long = ['production-eu-west-1', 'production-eu-west-2'].map((stack) => nameOf('payments', stack));
  const alike = ['a_b', 'a-b', 'a.b', 'A-b'].map((stack) => nameOf('core', stack));
  assert.equal(new Set([...long, ...alike]).size, 6);
  for (const name of [...long, ...alike]) assert.match(name, /^runpass-contoso-[a-z0-9-]{1,15}[a-z0-9]$/);
  assert.equal(nameOf('core', 'prod'), 'runpass-contoso-core-prod');
});
