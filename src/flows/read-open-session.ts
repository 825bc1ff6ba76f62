import { type EnvironmentTarget, hasAccess } from '../access/environments.ts';
import type { Organization } from '../access/organization.ts';
import type { Principal } from '../access/principal.ts';
import { sessionHolder } from '../environments/session-holder.ts';
import type { OpenSessions } from '../environments/sessions.ts';
import { ANONYMOUS_ENVIRONMENT } from '../environments/values.ts';
import { Refusal } from '../errors.ts';
import type { EnvironmentParts } from './environment-parts.ts';
import { shownEnvironment } from './find-environment.ts';
import { actorOf, recordRefusals } from './trace.ts';

/**
 * What an open session holds, for the principal who opened it; for everybody else there is none.
 *
 * `place` is the environment that was opened, absent for a document without a name; a session of anything else is not
 * there. An organization, a team and a runner pool may have many tokens: of these, the opener is the one that opened.
 * The opener must still be allowed to open it: a right that is taken away ends the sessions, too.
 */
export const readOpenSession = (
  { audit, directory, sessions }: Pick<EnvironmentParts, 'audit' | 'directory'> & { readonly sessions: OpenSessions },
  principal: Principal,
  organization: Organization,
  { place, id }: { readonly place?: EnvironmentTarget; readonly id: string },
): Promise<string> => {
  const detail = { root: place ? shownEnvironment(place) : ANONYMOUS_ENVIRONMENT };
  const trace = {
    kind: 'environment.open',
    organization: organization.name,
    actor: actorOf(principal),
    detail,
  } as const;
  return recordRefusals(audit, trace, async () => {
    const owner = await directory.organization(organization.name, organization.id);
    const session = await sessions.read({ organizationId: owner.id, id, holder: sessionHolder(principal) });
    const opened = place ? `${place.project}/${place.name}` : ANONYMOUS_ENVIRONMENT;
    const mayOpen = place === undefined || hasAccess(principal, place, 'open');
    if (session?.environment !== opened || !mayOpen) throw new Refusal('not_found', { what: 'open session of yours' });
    return session.content;
  });
};
