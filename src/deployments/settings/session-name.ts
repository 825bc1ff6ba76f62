/** What the placeholders of a template stand for. */
export interface SessionNames {
  readonly organization: string;
  readonly project: string;
  readonly stack: string;
  readonly operation: string;
  readonly version: number;
  readonly id: string;
}

/**
 * What a session-name template comes to for one run: at most 64 characters, of which only the names of organization,
 * project and stack are cut, from their ends. Contract section 1.7.
 */
export const resolveSessionName = (template: string, names: SessionNames): string => {
  throw new Error(`not yet: ${template} ${names.id}`);
};
