import { OPERATIONS } from '../../access/organization.ts';
import { TARGETS } from '../../deployments/settings/cloud-settings.ts';
import type { RunIssuer } from '../../flows/draft-for-run.ts';
import { type PreviewParts, type PreviewRequest, previewClaims } from '../../flows/preview-claims.ts';
import { bodyReader } from '../body.ts';
import type { ApiDoor } from './api.ts';

type PreviewBody = PreviewRequest & { readonly issuer?: 'v1' | 'v2' };

const TEXT = { type: 'string', maxLength: 1024 } as const;

/** A run that nobody started, by its names. */
export const NAMED_RUN = {
  type: 'object',
  required: ['project', 'stack', 'operation'],
  additionalProperties: false,
  properties: { project: TEXT, stack: TEXT, operation: { type: 'string', enum: OPERATIONS } },
} as const;

/** A login of an environment. */
export const NAMED_ENVIRONMENT = {
  type: 'object',
  required: ['root'],
  additionalProperties: false,
  properties: {
    root: TEXT,
    current: TEXT,
    subjectAttributes: { type: 'array', maxItems: 10, items: TEXT },
  },
} as const;

const readPreview = bodyReader<PreviewBody>({
  type: 'object',
  additionalProperties: false,
  properties: {
    issuer: { type: 'string', enum: ['v1', 'v2'] },
    audience: TEXT,
    target: { type: 'string', enum: TARGETS },
    run: NAMED_RUN,
    environment: NAMED_ENVIRONMENT,
  },
  oneOf: [{ required: ['run'] }, { required: ['environment'] }],
});

/** `POST /api/orgs/{org}/claims/preview`: what a token would say, unsigned. */
export const addClaimRoutes = (
  door: ApiDoor,
  parts: PreviewParts,
  issuers: Readonly<Record<'v1' | 'v2', RunIssuer>>,
): void => {
  door.post('/api/orgs/:org/claims/preview', async (ctx) => {
    const { principal, organization } = await door.caller(ctx);
    const { issuer = 'v1', ...request } = await readPreview(ctx);
    ctx.body = await previewClaims(parts, issuers[issuer], principal, organization, request as PreviewRequest);
  });
};
