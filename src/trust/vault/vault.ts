import { reasonsOf, type Weighing } from '../denials.ts';
import type { RelyingParty } from '../recognise.ts';
import { beside } from '../remarks.ts';
import type { Presented, TrustDocument } from '../verdict.ts';
import { configOf, faultOf, looksLikeVault, type VaultTrust, vaultTrust } from './document.ts';
import { vaultDenials } from './evaluate.ts';
import { lintVault } from './lint.ts';

/** HashiCorp Vault and OpenBao: a role of the JWT auth method, and the method's configuration beside it. */
export const VAULT: RelyingParty = {
  name: 'vault',
  documents: 'a JWT role of Vault or OpenBao',
  recognises: looksLikeVault,
  read: (written) => faultOf(written) ?? documentOf(written.value),
};

const documentOf = (value: unknown): TrustDocument => {
  const trust = vaultTrust(value);
  return {
    admits: (presented, like = presented) => assuming(like.issuer)(trust, presented).length === 0,
    evaluate: (presented, ours) => {
      const denials = assuming(presented.issuer);
      const weighing: Weighing<VaultTrust> = { model: vaultTrust, denials };
      const reasons = reasonsOf(weighing, value, presented);
      const admits = (who: Presented): boolean => denials(trust, who).length === 0;
      return {
        allowed: reasons.length === 0,
        reasons,
        warnings: beside(reasons, lintVault(trust, presented, ours, admits)),
        assumptions: assumptions(trust, presented),
      };
    },
  };
};

/** Where nothing names the issuer, its keys do: tokens of another are not signed with them. */
const assuming =
  (issuer: string): Weighing<VaultTrust>['denials'] =>
  (trust, presented) => {
    const { config } = trust;
    if (!config)
      return vaultDenials({ ...trust, config: configOf({ jwks_url: 'assumed', bound_issuer: issuer }) }, presented);
    const isNamed = config.discoveryUrl !== '' || config.boundIssuer !== '';
    return vaultDenials(isNamed ? trust : { ...trust, keysOf: issuer }, presented);
  };

const assumptions = ({ config, networks }: VaultTrust, { issuer }: Presented): readonly string[] => [
  ...(config ? [] : [`The auth method takes tokens of ${issuer} alone (oidc_discovery_url and bound_issuer).`]),
  ...(networks.length > 0 ? [`The login comes from one of the networks ${networks.join(', ')}.`] : []),
];
