import type { Principal } from '../access/principal.ts';
import { Refusal } from '../errors.ts';

/** Refuses everybody but organization administrators. `to`: what they may, as in "only … may change a policy". */
export const administratorsOnly = ({ administrator }: Pick<Principal, 'administrator'>, to: string): void => {
  if (!administrator) throw new Refusal('not_permitted', { problem: `only an organization administrator may ${to}` });
};
