import type { CloudEndpoints } from '../clouds/clouds.ts';
import { isLoopbackHost } from '../settings/rules.ts';
import type { Environment } from '../settings/variables.ts';
import { unusable } from './failure.ts';

/**
 * Where the clouds are, by the variables that their own programs read, and ours where they have none.
 *
 * AWS: the endpoint of STS, else that of the region. Tokens go there, so it must be https: or this machine.
 */
export const cloudEndpoints = (env: Environment): CloudEndpoints => {
  const awsSts = urlIn(env, 'AWS_ENDPOINT_URL_STS') ?? urlIn(env, 'AWS_ENDPOINT_URL') ?? stsOfRegion(env);
  const entra = urlIn(env, 'AZURE_AUTHORITY_HOST');
  const googleSts = urlIn(env, 'RUNPASS_GOOGLE_STS_URL');
  const googleIamCredentials = urlIn(env, 'RUNPASS_GOOGLE_IAM_CREDENTIALS_URL');
  return {
    ...(awsSts !== undefined && { awsSts }),
    ...(entra !== undefined && { entra }),
    ...(googleSts !== undefined && { googleSts }),
    ...(googleIamCredentials !== undefined && { googleIamCredentials }),
  };
};

const urlIn = (env: Environment, name: string): string | undefined => {
  const text = env[name];
  if (!text) return undefined;
  const url = URL.parse(text);
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopbackHost(url.hostname))) {
    return text.replace(/\/+$/, '');
  }
  throw unusable(`${name} is no URL to which a token may be sent.`, 'write one that begins with https:');
};

const REGION = /^(?!us-iso)(?:(cn)|us-gov|[a-z]{2})(?:-[a-z]+)+-\d$/;

/** Keys of the global endpoint are not taken in every region. */
const stsOfRegion = (env: Environment): string | undefined => {
  const region = env['AWS_REGION'] || env['AWS_DEFAULT_REGION'] || '';
  const found = REGION.exec(region);
  return found ? `https://sts.${region}.amazonaws.com${found[1] === undefined ? '' : '.cn'}` : undefined;
};
