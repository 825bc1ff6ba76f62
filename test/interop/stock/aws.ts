import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';

/** A program that knows AWS and nothing of us: the default credentials, and who they are. */
const { Arn } = await new STSClient().send(new GetCallerIdentityCommand());
process.stdout.write(`${Arn}\n`);
