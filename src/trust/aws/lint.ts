import type { OurSide, Presented, Warning } from '../verdict.ts';
import type { AwsTrust } from './document.ts';

export const lintAws = (_trust: AwsTrust, _presented: Presented, _ours: OurSide): readonly Warning[] => [];
