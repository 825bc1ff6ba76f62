/** How values can be printed. The last two are for what a process gets, not for a value. */
export const FORMAT_NAMES = ['json', 'yaml', 'string', 'detailed', 'dotenv', 'shell'] as const;
export type Format = (typeof FORMAT_NAMES)[number];
export type ValueFormat = Exclude<Format, 'dotenv' | 'shell'>;
