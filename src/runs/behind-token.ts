import { problemWithName } from '../access/names.ts';
import type { Directory } from './directory.ts';
import type { RunPlace, RunRecords } from './records.ts';

/** What is looked at of a subject token whose signature, issuer and times were found right. */
interface BelievedToken {
  readonly claims: Readonly<Record<string, unknown>>;
  readonly jti?: string;
}

/** The run that a token was issued to. */
export interface RunBehind {
  /** Empty where no record of it is left. */
  readonly id: string;
  readonly running: boolean;
}

export interface RunsBehindTokens {
  /**
   * Of a token that one of our own issuers signed for a run: that run, as it is now.
   *
   * `undefined`: the token is another issuer's, or was issued to an opened environment. A run that cannot be found,
   * or that was never given a token with this `jti`, counts as over: nobody can say that it still runs. Writes nothing.
   */
  runBehind(token: BelievedToken): Promise<RunBehind | undefined>;
}

export interface RunsBehindTokensParts {
  readonly directory: Pick<Directory, 'findOrganization'>;
  readonly runs: Pick<RunRecords, 'idAt' | 'load' | 'wasGiven'>;
  /** The organization as its file declares it now. */
  organization(name: string): { readonly id?: string } | undefined;
  readonly issuers: { readonly v1: { readonly url: string }; readonly v2: { readonly url: string } };
  /** Stands before the names of v2's claims. */
  readonly claimNamespace: string;
}

const OVER: RunBehind = { id: '', running: false };

export const openRunsBehindTokens = (parts: RunsBehindTokensParts): RunsBehindTokens => {
  const { directory, runs, organization, issuers, claimNamespace } = parts;

  /** The id behind the organization that a token names: v2 says it, v1 has the name only. */
  const organizationIdOf = async (claim: (name: string) => string, byId: boolean): Promise<string> => {
    if (byId) return claim('org_id');
    const declared = organization(claim('org'));
    return (declared && (await directory.findOrganization(claim('org'), declared.id))?.id) ?? '';
  };

  const placeOf = async (claim: (name: string) => string, byId: boolean): Promise<RunPlace | undefined> => {
    const [project, stack, deployment] = [claim('project'), claim('stack'), claim('deployment')];
    const organizationId = await organizationIdOf(claim, byId);
    // An organization may have uploaded keys for our URL, and then claims anything: only names make a key of the store.
    const named = [organizationId, project, stack].every((name) => problemWithName('stack', name) === undefined);
    return named && /^[1-9]\d{0,14}$/.test(deployment)
      ? { organizationId, project, stack, version: Number(deployment) }
      : undefined;
  };

  return {
    async runBehind({ claims, jti }) {
      const { iss } = claims;
      if (iss !== issuers.v1.url && iss !== issuers.v2.url) return undefined;
      const byId = iss === issuers.v2.url;
      const claim = (name: string): string => {
        const value = claims[byId ? claimNamespace + name : name];
        return typeof value === 'string' ? value : '';
      };
      if (claim('root_env') !== '') return undefined;

      // By its ordinal in the stack. A stack of the same name that came later counts from 1 again, and other keys could
      // sign what they like: only a `jti` that the run was given proves that the token is the run's own.
      const place = await placeOf(claim, byId);
      const id = place && (await runs.idAt(place));
      if (id === undefined || jti === undefined) return OVER;
      const [loaded, given] = await Promise.all([runs.load(id), runs.wasGiven(id, jti)]);
      return loaded && given ? { id, running: loaded.run.status === 'running' } : OVER;
    },
  };
};
