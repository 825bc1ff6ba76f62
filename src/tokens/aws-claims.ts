/** What AWS is told of a run beside who it is: only where the run's stack asks for it. */
export interface AwsSession {
  /** Session tags by key; none: AWS need not let the role tag its sessions. */
  readonly tags: Readonly<Record<string, string>>;
  /** Keys of those that go on into roles that the session assumes. */
  readonly transitiveTags: readonly string[];
  readonly sourceIdentity?: string;
  /** ARN of the only role that the token is good for. */
  readonly role?: string;
}

/** Claims to which AWS STS gives a meaning, in the forms in which it reads them. */
export interface AwsClaims {
  readonly 'https://aws.amazon.com/tags'?: {
    readonly principal_tags: Readonly<Record<string, readonly [string]>>;
    readonly transitive_tag_keys?: readonly string[];
  };
  readonly 'https://aws.amazon.com/source_identity'?: string;
  readonly 'https://aws.amazon.com/roles'?: readonly [string];
}

/** Their names: the only claims of ours that are not flat strings. */
export const AWS_CLAIMS = [
  'https://aws.amazon.com/tags',
  'https://aws.amazon.com/source_identity',
  'https://aws.amazon.com/roles',
] as const satisfies readonly (keyof AwsClaims)[];

/** IAM user guide, "Pass session tags in AWS STS": a tag's value stands in a list of one. */
export const awsClaims = ({ tags, transitiveTags, sourceIdentity, role }: AwsSession): AwsClaims => {
  const principalTags = Object.entries(tags).map(([key, value]) => [key, [value]] as const);
  return {
    ...(principalTags.length > 0 && {
      'https://aws.amazon.com/tags': {
        principal_tags: Object.fromEntries(principalTags),
        ...(transitiveTags.length > 0 && { transitive_tag_keys: transitiveTags }),
      },
    }),
    ...(sourceIdentity !== undefined && { 'https://aws.amazon.com/source_identity': sourceIdentity }),
    ...(role !== undefined && { 'https://aws.amazon.com/roles': [role] }),
  };
};
