import { WorkloadIdentityCredential } from '@azure/identity';

/** A program that knows Azure and nothing of us. Only the private authority of the test has to be said. */
const credential = new WorkloadIdentityCredential({ disableInstanceDiscovery: true });
const { token } = await credential.getToken('https://management.azure.com/.default');
process.stdout.write(`${token}\n`);
