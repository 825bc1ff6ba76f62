import type { TakenDeployment } from '../../agent-desk.ts';

/**
 * Variables by which a program is made to run something else than itself. Whoever may ask for a deployment could say with
 * them what runs here, and that is for those agents alone that were started with --allow-pre-run-commands.
 */
const RUNS_OTHERS =
  /^(?:PATH|IFS|ENV|SHELL|EDITOR|VISUAL|PAGER|BROWSER|PS[0-4]|PROMPT_COMMAND|SHELLOPTS|BASH.*|LD_.*|DYLD_.*|GIT_.*|SSH_.*|NODE_.*|NPM_.*|npm_.*|DENO_.*|BUN_.*|PYTHON.*|PERL.*|RUBY.*|GEM_.*|BUNDLE_.*|JAVA_.*|_JAVA_.*|JDK_.*|MAVEN_.*|GRADLE_.*|DOTNET_.*|COMPlus_.*|CORECLR_.*|GO(?:FLAGS|ENV|PROXY|ROOT|PATH|TOOLCHAIN)|PIP_.*|UV_.*|PULUMI_(?:HOME|PYTHON_CMD|AUTOMATION_API_.*)|TF_CLI_.*|TF_PLUGIN_.*|HOME|XDG_.*|TMPDIR|RUNPASS_.*)$/;

/** What the commands of a deployment have besides ours: who they are, and what was asked for. */
export const environmentOf = (
  { id, organization, project, stack, operation, version, environmentVariables }: TakenDeployment,
  mayRunOthers: boolean,
): Readonly<Record<string, string>> => {
  const refused = mayRunOthers ? [] : Object.keys(environmentVariables).filter((name) => RUNS_OTHERS.test(name));
  if (refused.length > 0) {
    throw new Error(
      `This deployment sets ${refused.join(', ')}, which can make programs run others, and this agent was not started with --allow-pre-run-commands.`,
    );
  }
  return {
    ...environmentVariables,
    PULUMI_CI_SYSTEM: 'Pulumi Deploy',
    PULUMI_CI_BUILD_ID: id,
    PULUMI_CI_BUILD_NUMBER: String(version),
    RUNPASS_ORGANIZATION: organization,
    RUNPASS_PROJECT: project,
    RUNPASS_STACK: stack,
    RUNPASS_OPERATION: operation,
    RUNPASS_DEPLOYMENT: id,
    RUNPASS_DEPLOYMENT_VERSION: String(version),
  };
};
