import { choice, flag, type JsonSchema, list, mapping, text, whole } from '../json-schema.ts';
import { type DefinitionInFile, POLICY_DEFINITIONS_SCHEMA } from '../policy/file.ts';
import { DIALECTS, type Dialect, POLICY_MODES, type PolicyMode } from '../policy/policy.ts';
import { REGISTRATION_LIMITS, type Registration } from './registration.ts';
import { ISSUER_DEFAULTS, REPLAY_RULES } from './trusted-issuer.ts';

/** A trusted issuer as an organization's file declares it. */
export interface TrustedIssuerInFile extends Registration {
  readonly id?: string;
  readonly policy?: PolicyInFile;
}

/** A policy document as the API has it, too. */
export interface PolicyInFile {
  readonly dialect?: Dialect;
  readonly mode?: PolicyMode;
  readonly policies: readonly DefinitionInFile[];
}

const { shortestTime, maxExpiration, maxTokenAge, thumbprints, keys, issuers } = REGISTRATION_LIMITS;

/** The section `trustedIssuers` of an organization's file. What a schema cannot say is in declared-rules.ts. */
export const TRUSTED_ISSUERS_SCHEMA: JsonSchema = list(
  mapping(
    'An outside issuer whose tokens may be exchanged.',
    {
      name: text('Name for people to read.', { maxLength: REGISTRATION_LIMITS.name }),
      url: text('URL of the issuer. Its discovery document is fetched below it, at first use.', {
        maxLength: REGISTRATION_LIMITS.url,
        title: 'an https URL such as https://token.actions.githubusercontent.com',
      }),
      id: text(
        'Immutable id. Without it one is made from organization and issuer; write that of a registration that came by API to take its place.',
        {
          title: 'a UUID in lower case',
          pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$',
        },
      ),
      issuer: text('What `iss` must be, byte for byte, where that is not the URL.', {
        maxLength: REGISTRATION_LIMITS.url,
      }),
      jwks: mapping(
        'Its public keys (RFC 7517). With them nothing is fetched.',
        {
          keys: list(
            { type: 'object', description: 'A public key as a JWK.', title: 'a public key as a JWK' },
            keys,
            'The keys.',
            {
              minItems: 1,
            },
          ),
        },
        ['keys'],
      ),
      thumbprints: list(
        text('SHA-256 of a certificate.', { title: '64 hexadecimal digits, with or without colons', maxLength: 95 }),
        thumbprints,
        'TLS certificates that are taken although no public authority vouches for them.',
        { default: [] },
      ),
      maxExpiration: whole(shortestTime, maxExpiration, 'Most seconds that an access token lives which came from it.', {
        default: ISSUER_DEFAULTS.maxExpiration,
      }),
      replay: choice(
        REPLAY_RULES,
        'May a subject token be exchanged again? `retry-window`: the identical request within 60 s.',
        { default: ISSUER_DEFAULTS.replay },
      ),
      capToSubjectToken: flag('Access tokens end no later than the subject token that they came from.', {
        default: ISSUER_DEFAULTS.capToSubjectToken,
      }),
      maxTokenAge: whole(shortestTime, maxTokenAge, 'Most seconds since a subject token was issued.', {
        default: ISSUER_DEFAULTS.maxTokenAge,
      }),
      policy: mapping(
        'What its tokens may be exchanged for, in the form of the API. Without it everything is denied.',
        {
          dialect: choice(DIALECTS, 'How patterns are read.', { default: 'strict' }),
          mode: choice(POLICY_MODES, '`audit` decides and records, and grants nothing.', { default: 'enforce' }),
          policies: POLICY_DEFINITIONS_SCHEMA,
        },
        ['policies'],
      ),
    },
    ['name', 'url'],
  ),
  issuers,
  'Outside issuers whose tokens may be exchanged. The API reads them and changes nothing.',
  { default: [] },
);
