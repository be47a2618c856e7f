import type { ConfigurationField } from '@errand/contract'
import type { ServerContext } from '../context.ts'

const reportOnly =
  'Not enforced: firewall.report_only of this server lets everything public pass, and tells of what would be blocked.'

/** What each setting does on this server today, said as it is: a policy must not rely on more. */
export function effectsOf(
  context: Pick<ServerContext, 'settings' | 'installationToken'>,
): Record<ConfigurationField, string> {
  const { report_only: isReportOnly } = context.settings.firewall
  return {
    mcp_configuration:
      'These servers are started for each session, and its agent may use the tools that they list.',
    enabled_tools: toolsEffect(context),
    require_actions_workflow_approval: workflowApproval(context),
    is_firewall_enabled: isReportOnly
      ? `${reportOnly} Off, nothing is told of either.`
      : 'On, agents and what they start reach the allowlists and nothing else; off, every public address.',
    is_firewall_recommended_allowlist_enabled: isReportOnly
      ? reportOnly
      : "With it, agents reach what builds usually need, and the package registries of the runner's machine.",
    custom_allowlist: isReportOnly ? reportOnly : 'Agents reach these hosts and URLs as well.',
    is_automations_enabled: 'Automations of the repository are made, changed and run, or refused.',
    require_write_access_for_automation_triggers:
      'Whoever starts a run needs write access, or each automation says for itself.',
  }
}

/** By the settings of this server: a runner apart from it goes by its own. */
function toolsEffect({ settings }: Pick<ServerContext, 'settings'>): string {
  const { osv, code_scanning: scanning, review } = settings.validation
  const needed = {
    dependency_vulnerability_checks: osv,
    codeql: scanning,
    copilot_code_review: review,
  }
  const missing = Object.entries(needed).filter(([, setting]) => setting === undefined)
  const checks = 'Work is checked before it is pushed, and a secret in it stops the push.'
  if (missing.length === 0) return checks
  const names = missing.map(([name]) => name).join(', ')
  return `${checks} Not available on this server, whatever is set: ${names}.`
}

/**
 * GitHub holds back the workflows of its own agent, and of who pushes by the `GITHUB_TOKEN` of a workflow;
 * a user's pushes and another App's start them at once.
 */
function workflowApproval({
  settings,
  installationToken,
}: Pick<ServerContext, 'settings' | 'installationToken'>): string {
  if (settings.forge === 'embedded') return 'None: the embedded forge runs no workflows.'
  const whose =
    installationToken === undefined
      ? "its pushes and pull requests are the user's own"
      : "its pushes and pull requests are those of Errand's App"
  return `Not kept: ${whose}, for which GitHub asks nobody, so workflows run at once. Protect what they may reach by environments with reviewers.`
}
