import { access, constants, stat } from 'node:fs/promises';

/** Where the contract has the token stand, on machines that are made for it. Contract section 1.6. */
const MOUNTED = '/mnt/pulumi';

/** The file in which a deployment's token stands besides: none where there is no such folder, or several at a time would want it. */
export const mountedTokenFiles = async (maxParallel: number, folder = MOUNTED): Promise<readonly string[]> => {
  if (maxParallel > 1) return [];
  try {
    await access(folder, constants.W_OK);
    return (await stat(folder)).isDirectory() ? [`${folder}/pulumi.oidc`] : [];
  } catch {
    return [];
  }
};
