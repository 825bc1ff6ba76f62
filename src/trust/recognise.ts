import { isJsonObject } from '../strict-json.ts';
import { AWS } from './aws/aws.ts';
import { ENTRA } from './entra/entra.ts';
import { GOOGLE } from './google/google.ts';
import { KUBERNETES } from './kubernetes/kubernetes.ts';
import { OWN } from './own/own.ts';
import { VAULT } from './vault/vault.ts';
import { isUnusable, type TrustDocument, type Unusable } from './verdict.ts';
import { readWritten, type Written } from './written.ts';

/** Whoever checks our tokens against a document: one row of `PARTIES`. */
export interface RelyingParty {
  /** As in `trust explain`'s output: `aws`, `azure`, `google`, `vault`, `kubernetes`, `runpass`. */
  readonly name: string;
  /** What its documents are, for somebody whose text is none: `an AWS role's trust policy`. */
  readonly documents: string;
  /** Looks like one of its documents, be it right or wrong? Members with names that no other relying party has decide. */
  readonly recognises: (value: unknown) => boolean;
  readonly read: (written: Written) => TrustDocument | Unusable;
}

/** In this order they are asked; the first that recognises a document reads it. */
const PARTIES: readonly RelyingParty[] = [AWS, ENTRA, GOOGLE, VAULT, KUBERNETES, OWN];

export interface Recognised {
  readonly party: RelyingParty['name'];
  readonly document: TrustDocument;
  /** Where in the text the `condition` of a reason or a warning stands. */
  readonly placeOf: Written['placeOf'];
}

/** Whose document is this text, and what does it say? Never throws. */
export const recognise = (text: string, parties: readonly RelyingParty[] = PARTIES): Recognised | Unusable => {
  const written = readWritten(text);
  if (isUnusable(written)) return written;
  const party = parties.find(({ recognises }) => recognises(written.value));
  if (!party) return written.unusable([], `is ${what(written.value)}, not ${known(parties)}`);
  const document = party.read(written);
  return isUnusable(document) ? document : { party: party.name, document, placeOf: written.placeOf };
};

const known = (parties: readonly RelyingParty[]): string => parties.map(({ documents }) => documents).join(', nor ');

const what = (value: unknown): string => {
  if (Array.isArray(value)) return 'a list';
  if (!isJsonObject(value)) return 'a text';
  return `a mapping of ${Object.keys(value).slice(0, 5).join(', ') || 'nothing'}`;
};
