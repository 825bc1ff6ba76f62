import type { AuditLog } from '../audit/record.ts';
import type { AgentPools } from '../deployments/agent-pool.ts';
import type { Deployments } from '../deployments/deployment.ts';
import type { DeploymentLogs } from '../deployments/deployment-log.ts';
import type { DeploymentQueue } from '../deployments/deployment-queue.ts';
import type { Directory } from '../runs/directory.ts';
import type { RunRecords } from '../runs/records.ts';
import type { Clock } from '../system.ts';

/** What the stories about deployments have in common. */
export interface DeploymentParts {
  readonly clock: Clock;
  readonly audit: AuditLog;
  readonly directory: Directory;
  readonly runs: RunRecords;
  readonly deployments: Deployments;
  readonly deploymentLogs: DeploymentLogs;
  readonly deploymentQueue: DeploymentQueue;
  readonly agentPools: AgentPools;
  /** Told of what becomes of deployments, for the metrics. */
  deployed(event: 'created' | 'taken' | 'cancelled'): void;
}
