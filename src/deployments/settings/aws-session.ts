import type { AwsSession } from '../../tokens/aws-claims.ts';
import type { AwsSettings, CloudSettings, CloudSettingsOnWire, TagClaim } from './cloud-settings.ts';
import { writeCloudSettings } from './read-cloud-settings.ts';
import { resolveSessionName, type SessionNames } from './session-name.ts';

/** What AWS is told of a run: nothing but what its stack opted in to. */
export const awsSessionOf = (
  { roleArn, pinRole, sourceIdentity, tags, transitiveTags }: AwsSettings,
  run: SessionNames,
): AwsSession => {
  const claims: Readonly<Record<TagClaim, string>> = {
    org: run.organization,
    project: run.project,
    stack: run.stack,
    operation: run.operation,
    deployment: String(run.version),
    stackId: `${run.organization}/${run.project}/${run.stack}`,
  };
  const tagged = Object.entries(tags).map(([key, claim]) => [key, claims[claim]] as const);
  return {
    tags: Object.fromEntries(tagged),
    transitiveTags,
    ...(sourceIdentity !== undefined && { sourceIdentity: resolveSessionName(sourceIdentity, run) }),
    ...(pinRole && { role: roleArn }),
  };
};

/** The settings of one run as its starter and its runner read them: with the name that its AWS session gets. */
export const writeCloudsOfRun = (clouds: CloudSettings, run: SessionNames): CloudSettingsOnWire => {
  const written = writeCloudSettings(clouds);
  if (!clouds.aws || !written.aws) return written;
  const resolvedSessionName = resolveSessionName(clouds.aws.sessionName, run);
  return { ...written, aws: { ...written.aws, resolvedSessionName } };
};
