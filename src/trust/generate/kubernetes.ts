import { celTest } from './cel-tests.ts';
import type { Assignment, Generator } from './generated.ts';
import { command, json } from './quote.ts';

/** An authenticator of the API server, and a binding for the group that its bearers get. JSON is YAML. */
export const generateKubernetes: Generator = (assignment) => {
  const { input, name, issuer } = assignment;
  const binding = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name, namespace: input('kubernetesNamespace') },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: input('kubernetesRole') },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: groupOf(name) }],
  };
  const document = kubernetesDocument(assignment);
  return {
    document,
    files: [
      { name: 'authentication-configuration.yaml', content: json(document), format: 'yaml' },
      { name: 'role-binding.yaml', content: json(binding), format: 'yaml' },
    ],
    install: [command('kubectl', 'apply', '--filename=role-binding.yaml')],
    warnings: [
      'kubectl installs the binding only: start the API server with --authentication-config=authentication-configuration.yaml.',
      'A RoleBinding keeps its role: before you apply another --kubernetes-role, take the old binding away with kubectl delete.',
      `An API server takes one authenticator for ${issuer}: a file that has one already needs both sets of rules in it.`,
    ],
  };
};

const groupOf = (name: string): string => `runpass:${name}`;

const kubernetesDocument = ({ admission, issuer, signed, name }: Assignment) => ({
  apiVersion: 'apiserver.config.k8s.io/v1beta1',
  kind: 'AuthenticationConfiguration',
  jwt: [
    {
      issuer: { url: issuer, audiences: [signed.audience], audienceMatchPolicy: 'MatchAny' },
      claimValidationRules: admission.claims.map((test) => ({
        expression: celTest('claims', test),
        message: `${test.claim} is not the one that is trusted`,
      })),
      claimMappings: {
        username: { claim: 'sub', prefix: 'runpass:' },
        groups: { expression: `[${JSON.stringify(groupOf(name))}]` },
      },
    },
  ],
});
