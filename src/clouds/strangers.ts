import type { OutboundPosts } from '../issuers/fetching.ts';
import { IssuerProblem } from '../issuers/issuer-keys.ts';
import type { Post } from './clouds.ts';
import { CloudProblem } from './problem.ts';

/**
 * The way to addresses that somebody wrote into an environment: through the same guards as the keys of trusted issuers.
 *
 * `hosts` are the organization's, as its operator permits them in the settings: only these may lie inside the network
 * or use another port than 443.
 */
export const postThrough =
  (outbound: OutboundPosts, hosts: readonly string[]): Post =>
  async ({ url, headers, body }) => {
    try {
      const { status, bytes } = await outbound.postJson(url, { headers, body }, { hosts, thumbprints: [] });
      return { status, text: new TextDecoder().decode(bytes) };
    } catch (error) {
      throw error instanceof IssuerProblem ? new CloudProblem(error.message, { cause: error }) : error;
    }
  };
