import type { Assignment, Generator } from './generated.ts';
import { command, json } from './quote.ts';
import { isPattern } from './scope.ts';

/** A role of the JWT auth method and the method's configuration, for Vault and OpenBao. */
export const generateVault: Generator = (assignment) => {
  const document = vaultDocument(assignment);
  const [mount, role] = [assignment.input('vaultMount'), assignment.input('vaultRole')];
  return {
    document,
    files: [
      { name: 'vault-config.json', content: json(document.config), format: 'json' },
      { name: 'vault-role.json', content: json(document.role), format: 'json' },
    ],
    install: [
      `${command('vault', 'read', `sys/auth/${mount}/tune`)} || ${command('vault', 'auth', 'enable', `-path=${mount}`, 'jwt')}`,
      command('vault', 'write', `auth/${mount}/config`, '@vault-config.json'),
      command('vault', 'write', `auth/${mount}/role/${role}`, '@vault-role.json'),
    ],
    warnings: [`The auth method at ${mount}/ gets one issuer: give another issuer another --vault-mount.`],
  };
};

export const vaultDocument = ({ admission, issuer, facts, signed, input }: Assignment) => {
  const [only, ...others] = admission.subjects;
  const isOne = only !== undefined && others.length === 0 && !isPattern(only);
  const claims = admission.claims.filter(({ claim }) => !(isOne && claim === 'sub'));
  // All of them, always: a member that is not written stays as it is in a role that exists already.
  const role = {
    role_type: 'jwt',
    user_claim: 'sub',
    bound_audiences: [signed.audience],
    bound_subject: isOne ? only : '',
    bound_claims_type: claims.some(({ values }) => values.some(isPattern)) ? 'glob' : 'string',
    bound_claims: Object.fromEntries(claims.map(({ claim, values }) => [claim, values])),
    token_policies: input('vaultPolicies').split(','),
    token_ttl: '1h',
  };
  return {
    config: {
      oidc_discovery_url: issuer,
      bound_issuer: issuer,
      jwt_supported_algs: [facts.algorithms[signed.issuer]],
    },
    role,
  };
};
