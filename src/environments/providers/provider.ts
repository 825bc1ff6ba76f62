import type { LOGIN_PROVIDERS } from '../../access/login-providers.ts';
import type { Clouds } from '../../clouds/clouds.ts';
import type { Secret } from '../../secret.ts';
import type { SnowflakeSession } from '../../tokens/environment.ts';
import type { SubjectAttribute } from '../../tokens/subject.ts';
import type { SchemaObject } from '../evaluate/schema.ts';
import type { Plain } from '../values.ts';
import type { InputProblem } from './inputs.ts';

/** Names that v1's audiences begin with. */
export type AudiencePrefix = (typeof LOGIN_PROVIDERS)[number];

/** The ID token that a call needs, as far as its inputs decide it; who opens what decides the rest. */
export type TokenWish =
  | {
      readonly issuer: 'v1';
      readonly prefix: AudiencePrefix;
      /** In the author's order. */
      readonly subjectAttributes: readonly SubjectAttribute[];
      readonly snowflake?: SnowflakeSession;
    }
  | {
      readonly issuer: 'v2';
      readonly audience: string;
      /** Seconds. */
      readonly lifetime: number;
    };

/** Something that `fn::open` opens: its name, what it takes and gives, and what it does. */
export interface LoginProvider {
  readonly name: string;
  readonly inputs: SchemaObject;
  /** Members that hold credentials are marked `secret`. */
  readonly outputs: SchemaObject;
  /** Inputs that the schema does not name are pointed out, or refused in these words. */
  unknownInput?(name: string): string;
  /** What the schema cannot say, of inputs that fit it. */
  problems(inputs: Plain): readonly InputProblem[];
  /** `undefined`: the call needs no ID token. The inputs have no problem. */
  token(inputs: Plain): TokenWish | undefined;
  /** What the call gives. `token` is there where `token` asks for one. Throws `CloudProblem`. */
  open(inputs: Plain, token: Secret | undefined, clouds: Clouds): Promise<Plain>;
}
