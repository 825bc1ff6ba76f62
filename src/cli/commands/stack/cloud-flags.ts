import { type Command, InvalidArgumentError, Option } from 'commander';
import { TAG_CLAIMS } from '../../../deployments/settings/cloud-settings.ts';
import type { JsonObject } from '../../../deployments/settings/merge-patch.ts';
import { gather } from '../../options.ts';

/** One flag, and the member of one cloud that it sets. */
interface CloudFlag {
  readonly flags: string;
  readonly description: string;
  readonly member: string;
  readonly read?: (text: string, before: never) => unknown;
}

const readTag = (text: string, before: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> => {
  const at = text.lastIndexOf('=');
  if (at < 1) throw new InvalidArgumentError('It must be KEY=CLAIM.');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
};

const flag = (flags: string, member: string, description: string, read?: CloudFlag['read']): CloudFlag => ({
  flags,
  member,
  description,
  ...(read && { read }),
});

const AUDIENCE = 'audience of its tokens of v2';

/** The names of stock command lines where those have one. */
const CLOUDS: Readonly<Record<'aws' | 'azure' | 'gcp' | 'vault', readonly CloudFlag[]>> = {
  aws: [
    flag('--aws-role-arn <arn>', 'roleArn', 'role that runs assume'),
    flag('--aws-session-name <template>', 'sessionName', 'name of its sessions; may hold placeholders'),
    flag('--aws-duration <duration>', 'duration', 'how long a session lasts, such as 1h30m'),
    flag('--aws-policy-arn <arn>', 'policyArns', 'policy that narrows the session down; again for more', gather),
    flag('--aws-pin-role', 'pinRole', 'tokens say that they are for this role only'),
    flag('--no-aws-pin-role', 'pinRole', 'tokens say nothing of the role'),
    flag('--aws-source-identity <template>', 'sourceIdentity', 'source identity of its sessions'),
    flag('--aws-tag <key=claim>', 'tags', `session tag (${TAG_CLAIMS.join(', ')}); again for more`, readTag),
    flag('--aws-transitive-tag <key>', 'transitiveTags', 'tag that goes on into further roles; again for more', gather),
    flag('--aws-audience <text>', 'audience', AUDIENCE),
  ],
  azure: [
    flag('--azure-client-id <guid>', 'clientId', 'application or managed identity that runs sign in as'),
    flag('--azure-tenant-id <guid>', 'tenantId', 'its tenant'),
    flag('--azure-subscription-id <guid>', 'subscriptionId', 'subscription that runs work in'),
    flag('--azure-audience <text>', 'audience', AUDIENCE),
  ],
  gcp: [
    flag('--gcp-project-number <number>', 'projectId', 'project of the workload identity pool'),
    flag('--gcp-workload-pool-id <id>', 'workloadPoolId', 'the pool'),
    flag('--gcp-provider-id <id>', 'providerId', 'provider in the pool'),
    flag('--gcp-service-account <email>', 'serviceAccount', 'service account that runs act as'),
    flag('--gcp-region <region>', 'region', 'kept with the settings; providers are global'),
    flag('--gcp-token-lifetime <duration>', 'tokenLifetime', 'how long its access tokens last, such as 1h'),
    flag('--gcp-maps-subject', 'mapsSubject', 'the provider makes google.subject of other claims than sub'),
    flag('--no-gcp-maps-subject', 'mapsSubject', 'google.subject is sub'),
    flag('--gcp-audience <text>', 'audience', AUDIENCE),
  ],
  vault: [
    flag('--vault-address <url>', 'address', 'scheme and host'),
    flag('--vault-role <name>', 'role', 'role that runs sign in to'),
    flag('--vault-mount <path>', 'mount', 'where its JWT auth method is mounted'),
    flag('--vault-namespace <name>', 'namespace', 'its namespace'),
    flag('--vault-audience <text>', 'audience', AUDIENCE),
  ],
};

const optionOf = ({ flags, description, read }: CloudFlag): Option => {
  const option = new Option(flags, description);
  return read ? option.argParser(read as (text: string, before: unknown) => unknown) : option;
};

const clearOf = (cloud: string): Option => new Option(`--${cloud}-clear`, 'forget all settings of this cloud');

/** Declares the flags of every cloud. */
export const addCloudFlags = (command: Command): Command => {
  for (const [cloud, flags] of Object.entries(CLOUDS)) {
    for (const one of flags) command.addOption(optionOf(one));
    command.addOption(clearOf(cloud));
  }
  return command;
};

/** The change that the flags of a command line ask for, in the form of `operationContext.oidc`; empty: none. */
export const readCloudFlags = (options: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(CLOUDS).flatMap(([cloud, flags]): [string, unknown][] => {
      if (options[clearOf(cloud).attributeName()] === true) return [[cloud, null]];
      const members = flags.flatMap((one): [string, unknown][] => {
        const value = options[optionOf(one).attributeName()];
        return value === undefined ? [] : [[one.member, value]];
      });
      return members.length > 0 ? [[cloud, Object.fromEntries(members)]] : [];
    }),
  );
