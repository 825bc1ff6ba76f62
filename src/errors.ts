/** One row of the table of refusals. */
interface Row {
  /** HTTP status of the answer. */
  readonly status: 400 | 401 | 403 | 404 | 405 | 408 | 409 | 410 | 413 | 415 | 429 | 503;
  /** OAuth 2.0 error code, for the doors that speak OAuth (RFC 6749 section 5.2, RFC 6750 section 3.1). */
  readonly oauth: string;
  /** What the caller is told. `{field}` places are filled from the refusal's detail. */
  readonly sentence: string;
}

/**
 * Every way in which a request that we understood is not granted.
 *
 * A code is stable for ever: programs may switch on it. `docs/errors.md` says for each what to do
 * about it, and a test compares the two.
 */
export const REFUSALS = {
  invalid_request: { status: 400, oauth: 'invalid_request', sentence: '{problem}' },
  invalid_name: { status: 400, oauth: 'invalid_request', sentence: '{field}: {problem}' },
  body_too_large: { status: 413, oauth: 'invalid_request', sentence: 'The request body is larger than {limit} bytes.' },
  unsupported_media_type: {
    status: 415,
    oauth: 'invalid_request',
    sentence: 'Send the body as {expected}.',
  },
  request_timeout: {
    status: 408,
    oauth: 'invalid_request',
    sentence: 'The request took longer than {seconds} seconds.',
  },
  unauthenticated: {
    status: 401,
    oauth: 'invalid_token',
    sentence: 'No credentials were provided, or they are invalid or expired.',
  },
  invalid_request_token: {
    status: 401,
    oauth: 'invalid_token',
    sentence: 'The request token is not valid for this run.',
  },
  too_many_refusals: {
    status: 429,
    oauth: 'invalid_request',
    sentence: 'Too many refused requests; try again in {seconds} seconds.',
  },
  not_found: { status: 404, oauth: 'invalid_request', sentence: 'There is no {what} here.' },
  method_not_allowed: { status: 405, oauth: 'invalid_request', sentence: 'This path takes {allowed}.' },
  organization_not_found: {
    status: 404,
    oauth: 'invalid_request',
    sentence: 'There is no organization "{organization}" that you may use.',
  },
  run_not_found: { status: 404, oauth: 'invalid_request', sentence: 'There is no run "{run}" in this organization.' },
  stack_not_found: { status: 404, oauth: 'invalid_request', sentence: 'There is no stack "{stack}".' },
  deployment_not_found: {
    status: 404,
    oauth: 'invalid_request',
    sentence: 'There is no deployment "{deployment}" here that you may see.',
  },
  agent_pool_required: {
    status: 400,
    oauth: 'invalid_request',
    sentence:
      "agentPoolID: the organization has no default agent pool; name one here or in the stack's settings, or let an organization administrator make one: runpass agent-pool create",
  },
  agent_pool_not_found: { status: 404, oauth: 'invalid_request', sentence: 'There is no agent pool "{pool}".' },
  agent_pool_unknown: {
    status: 400,
    oauth: 'invalid_request',
    sentence: 'agentPoolID: there is no agent pool "{pool}" in the organization.',
  },
  agent_pool_exists: {
    status: 409,
    oauth: 'invalid_request',
    sentence: 'There is an agent pool "{name}" already.',
  },
  agent_pool_in_use: {
    status: 400,
    oauth: 'invalid_request',
    sentence:
      '{deployments} deployments wait in this agent pool; cancel them, let agents take them, or send "force=true": then they fail.',
  },
  not_permitted: { status: 403, oauth: 'access_denied', sentence: 'You may not do this: {problem}' },
  run_not_permitted: {
    status: 403,
    oauth: 'access_denied',
    sentence: 'No role of yours lets you run "{operation}" on {project}/{stack}.',
  },
  run_over: { status: 403, oauth: 'access_denied', sentence: 'This run is over ({status}); it gets no more tokens.' },
  run_finished: { status: 409, oauth: 'invalid_request', sentence: 'This run has already finished as "{status}".' },
  conflict: {
    status: 409,
    oauth: 'invalid_request',
    sentence: 'Somebody else changed this at the same moment; nothing was done; try again.',
  },
  stack_busy: {
    status: 409,
    oauth: 'invalid_request',
    sentence: 'The stack has a running run ({run}); finish it first.',
  },
  name_quarantined: {
    status: 409,
    oauth: 'invalid_request',
    sentence:
      'The name "{name}" was deleted and is held until {until}, as trust documents may still admit it ({documents}). An administrator may give it free: "runpass trust name release".',
  },
  audience_not_allowed: {
    status: 403,
    oauth: 'invalid_target',
    sentence:
      'The audience is not allowed for organization "{organization}" on this issuer; an operator can list it under "organizations.{organization}.audiences" in config/runpass.yaml, or ask the v2 issuer, which takes any audience.',
  },
  target_impossible: {
    status: 403,
    oauth: 'invalid_target',
    sentence: 'No token of this run can work at {target}: its {field} {problem}; its subject is {subject}',
  },
  invalid_settings: { status: 400, oauth: 'invalid_request', sentence: '{path}: {problem}' },
  settings_not_found: {
    status: 404,
    oauth: 'invalid_request',
    sentence: 'The stack "{stack}" has no deployment settings.',
  },
  audience_required: {
    status: 400,
    oauth: 'invalid_target',
    sentence: 'This issuer has no default audience; send "audience" (1 to 512 bytes).',
  },
  invalid_audience: { status: 400, oauth: 'invalid_target', sentence: 'audience: {problem}' },
  invalid_lifetime: {
    status: 400,
    oauth: 'invalid_request',
    sentence: 'lifetime: must be whole seconds from 60 to {maximum}.',
  },
  unsupported_grant_type: {
    status: 400,
    oauth: 'unsupported_grant_type',
    sentence: 'grant_type: this endpoint takes urn:ietf:params:oauth:grant-type:token-exchange.',
  },
  invalid_target: { status: 400, oauth: 'invalid_target', sentence: 'audience: {problem}' },
  invalid_scope: { status: 400, oauth: 'invalid_scope', sentence: 'scope: {problem}' },
  exchange_refused: {
    status: 400,
    oauth: 'invalid_grant',
    sentence:
      'The subject token was not exchanged. An administrator of the organization can see why: runpass trust decision {decision}',
  },
  trusted_issuer_not_found: { status: 404, oauth: 'invalid_request', sentence: 'There is no such oidc issuer.' },
  trusted_issuer_exists: {
    status: 409,
    oauth: 'invalid_request',
    sentence: 'The organization trusts the issuer "{issuer}" already, as "{name}".',
  },
  trusted_issuer_unusable: {
    status: 400,
    oauth: 'invalid_request',
    sentence: 'The issuer cannot be trusted: {problem}',
  },
  declared_in_file: {
    status: 409,
    oauth: 'invalid_request',
    sentence: '"{name}" is declared in the file of organization {organization}; change it there.',
  },
  policy_not_found: { status: 404, oauth: 'invalid_request', sentence: 'There is no such policy.' },
  policy_too_open: { status: 400, oauth: 'invalid_request', sentence: 'policies: {problem}' },
  pin_not_found: { status: 404, oauth: 'invalid_request', sentence: 'There is no such pin.' },
  decision_not_found: {
    status: 404,
    oauth: 'invalid_request',
    sentence:
      'There is no decision "{decision}" in this organization: the token named no issuer that it trusts, too many were refused in that minute, or the record has reached the end of its retention.',
  },
  environment_not_found: {
    status: 404,
    oauth: 'invalid_request',
    sentence: 'There is no environment "{environment}" that you may use.',
  },
  environment_not_permitted: {
    status: 403,
    oauth: 'access_denied',
    sentence: 'No role of yours lets you {access} the environment "{environment}".',
  },
  environment_exists: {
    status: 409,
    oauth: 'invalid_request',
    sentence: 'There is an environment "{environment}" already.',
  },
  trust_document_unusable: {
    status: 400,
    oauth: 'invalid_request',
    sentence: 'The document cannot be used: line {line}, column {column}: {problem}.',
  },
  trust_not_generated: { status: 400, oauth: 'invalid_request', sentence: '{problem}' },
  definition_invalid: {
    status: 400,
    oauth: 'invalid_request',
    sentence: 'The definition of the environment is not valid; "diagnostics" says what is wrong, and where.',
  },
  revision_not_found: {
    status: 404,
    oauth: 'invalid_request',
    sentence: 'The environment "{environment}" has no version "{version}".',
  },
  tag_not_found: {
    status: 404,
    oauth: 'invalid_request',
    sentence: 'The environment "{environment}" has no such tag "{tag}".',
  },
  tag_exists: {
    status: 409,
    oauth: 'invalid_request',
    sentence: 'The environment "{environment}" has a tag "{tag}" already.',
  },
  limit_reached: {
    status: 409,
    oauth: 'invalid_request',
    sentence: 'There are as many {what} as there may be; delete some first.',
  },
  issuing_paused: {
    status: 503,
    oauth: 'temporarily_unavailable',
    sentence: 'Tokens cannot be issued at the moment; try again shortly.',
  },
  store_unavailable: {
    status: 503,
    oauth: 'temporarily_unavailable',
    sentence: 'The service cannot reach its store at the moment; nothing was changed or issued; try again shortly.',
  },
} as const satisfies Record<string, Row>;

export type RefusalCode = keyof typeof REFUSALS;

/** What varies in a refusal: flat, short texts that the caller may see. Never a token. */
export type RefusalDetail = Readonly<Record<string, string | number>>;

/**
 * A request that we understood and will not grant.
 *
 * Thrown once, in a story or at its door. The caller gets `message` (the row's sentence), the audit
 * record gets `code` and `detail`, the log gets `cause`.
 */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: RefusalCode;
  readonly detail: RefusalDetail;

  constructor(code: RefusalCode, detail: RefusalDetail = {}, options?: { cause?: unknown }) {
    super(sentence(code, detail), options);
    this.code = code;
    this.detail = detail;
  }

  get status(): number {
    return REFUSALS[this.code].status;
  }

  get oauth(): string {
    return REFUSALS[this.code].oauth;
  }
}

const MAX_DETAIL = 300;

const sentence = (code: RefusalCode, detail: RefusalDetail): string =>
  REFUSALS[code].sentence.replace(/\{(\w+)\}/g, (_place, field: string) =>
    String(detail[field] ?? field).slice(0, MAX_DETAIL),
  );
