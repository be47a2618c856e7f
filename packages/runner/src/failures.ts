import type { SessionError } from '@errand/contract'

/**
 * Everything a session can fail of that its reader should hear about in particular: the only list.
 * Whoever throws `SessionFailed` gives the message, a sentence that names the thing.
 */
export const failures = {
  repository_not_found: {
    category: 'repository',
    title: 'Repository not found',
    remedy: "Check that the repository still exists and that the runner's token may read it.",
    retryable: false,
  },
  repository_archived: {
    category: 'repository',
    title: 'Repository is archived',
    remedy: 'Unarchive the repository, then send the task again.',
    retryable: false,
  },
  configuration_broken: {
    category: 'repository',
    title: "The repository's configuration cannot be read",
    remedy: 'Mend the file on the default branch, then send the task again.',
    retryable: false,
  },
  branch_gone: {
    category: 'repository',
    title: 'Branch not found',
    remedy: 'Send the task again with a base_ref and a head_ref that exist.',
    retryable: false,
  },
  forge_refused: {
    category: 'repository',
    title: 'The forge refused the runner',
    remedy: "Check the runner's forge token and what it may do in the repository.",
    retryable: false,
  },
  credential_refused: {
    category: 'repository',
    title: 'The token is not accepted',
    remedy:
      "Send the task a message with a token that is valid for longer; if it is the runner's, renew forge_token.",
    retryable: false,
  },
  credential_missing: {
    category: 'repository',
    title: 'No token for the forge',
    remedy:
      "Send the task a message with a token of one's own; or configure forge_token or github_app.",
    retryable: false,
  },
  secrets_unreadable: {
    category: 'repository',
    title: 'The secrets cannot be decrypted',
    remedy:
      'Give the runner the encryption key of the server (encryption.key_env), then send the task again.',
    retryable: false,
  },
  forge_unreachable: {
    category: 'repository',
    title: 'The forge did not answer',
    remedy:
      'Check that the forge is up and can be reached from the runner, then send the task again.',
    retryable: true,
  },
  fetch_failed: {
    category: 'repository',
    title: 'The repository could not be fetched',
    remedy: 'See what git said; the log of the runner has the whole of it.',
    retryable: true,
  },
  workspace_failed: {
    category: 'workspace',
    title: 'The workspace could not be made',
    remedy: 'See what git said; the log of the runner has the whole of it.',
    retryable: true,
  },
  disk_full: {
    category: 'workspace',
    title: 'Disk full',
    remedy: "Free some disk on the runner's machine, then send the task again.",
    retryable: true,
  },
  custom_agent_gone: {
    category: 'repository',
    title: 'Custom agent not found',
    remedy: 'Check the name in custom_agent and the branch, then send the task again.',
    retryable: false,
  },
  sandbox_unavailable: {
    category: 'sandbox',
    title: 'No sandbox',
    remedy: "Run `errand doctor` on the runner's machine.",
    retryable: true,
  },
  sandbox_too_weak: {
    category: 'sandbox',
    title: 'Sandbox too weak',
    remedy: "Run `errand doctor` on the runner's machine, or lower `sandbox.level` knowingly.",
    retryable: false,
  },
  model_unknown: {
    category: 'model',
    title: 'Model not configured',
    remedy: 'Add the model to `models` in the settings of this runner, or name another one.',
    retryable: false,
  },
  model_failed: {
    category: 'model',
    title: 'The model did not answer',
    remedy: "Check the upstream's key, quota and state, then send the task again.",
    retryable: true,
  },
  agent_unknown: {
    category: 'agent',
    title: 'Agent not configured',
    remedy: 'Add the agent to `agents` in the settings of this runner.',
    retryable: false,
  },
  agent_not_installed: {
    category: 'agent',
    title: 'Agent not installed',
    remedy:
      "Install it on the runner's machine with `errand agent install`; one of your own by hand, and name the folders it needs in `read_only_paths`.",
    retryable: false,
  },
  agent_failed: {
    category: 'agent',
    title: 'The agent failed',
    remedy: "Read the session's log, change the prompt, and send the task again.",
    retryable: true,
  },
  agent_crashed: {
    category: 'agent',
    title: 'The agent stopped unexpectedly',
    remedy: "Read the session's log; if it happens again, look into the agent itself.",
    retryable: true,
  },
  agent_protocol: {
    category: 'agent',
    title: 'The agent does not speak ACP as it should',
    remedy:
      'Check that the command of the agent starts it as an ACP agent on its standard streams.',
    retryable: false,
  },
  no_progress: {
    category: 'agent',
    title: 'No progress',
    remedy:
      "Read the session's log, and send the task a message that says another way; or raise `sessions.max_repetitions`.",
    retryable: true,
  },
  agent_refused: {
    category: 'model',
    title: 'The model refused',
    remedy: 'Put the prompt in other words.',
    retryable: false,
  },
  out_of_memory: {
    category: 'limit',
    title: 'Out of memory',
    remedy: 'Ask for less in one task, or raise `sandbox.memory_mb`.',
    retryable: false,
  },
  out_of_disk: {
    category: 'limit',
    title: 'Workspace too large',
    remedy: 'Ask for less in one task, or raise `sandbox.workspace_mb`.',
    retryable: false,
  },
  out_of_output: {
    category: 'limit',
    title: 'Too much output',
    remedy: 'Have the agent print less, or raise `sandbox.output_mb`.',
    retryable: false,
  },
  out_of_time: {
    category: 'limit',
    title: 'Out of time',
    remedy: 'Ask for less in one task, or raise timeout_minutes.',
    retryable: true,
  },
  result_refused: {
    category: 'publish',
    title: 'The result was refused',
    remedy: 'Nothing was pushed. Read the message, change the prompt, and send the task again.',
    retryable: false,
  },
  secret_found: {
    category: 'publish',
    title: 'A secret in the work',
    remedy:
      'Nothing was pushed. If it is a secret, see that it is no longer valid, and send the task again; if it is none, name its file in `validation.secret_scanning.allow`.',
    retryable: false,
  },
  not_scanned: {
    category: 'publish',
    title: 'The work could not be scanned for secrets',
    remedy:
      'Nothing was pushed. Read the message, ask for less in one task, or switch `secret_scanning` off in `enabled_tools` of the repository.',
    retryable: false,
  },
  push_refused: {
    category: 'publish',
    title: 'The push was refused',
    remedy:
      "Check the branch's protection and what the runner's token may do, then send the task again.",
    retryable: false,
  },
  branch_moved: {
    category: 'publish',
    title: 'The branch has moved',
    remedy: 'Send the task again: it then starts from where the branch is now.',
    retryable: true,
  },
  pull_refused: {
    category: 'publish',
    title: 'The pull request was refused',
    remedy: 'The branch is pushed: open the pull request by hand, or see what the forge said.',
    retryable: false,
  },
} as const satisfies Record<string, Omit<SessionError, 'message'>>

export type FailureName = keyof typeof failures

/** The session fails, for a reason of the table. The message is shown to users: no secret, no path. */
export class SessionFailed extends Error {
  readonly failure: FailureName

  constructor(failure: FailureName, message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'SessionFailed'
    this.failure = failure
  }
}

/**
 * Why a run stops though nothing of it failed: its lease is lost (somebody else decides about the
 * session now), its time is up, or the runner is closing.
 */
export class RunStopped extends Error {
  readonly why: 'lease_lost' | 'timed_out' | 'closing'

  constructor(why: RunStopped['why'], cause?: unknown) {
    super(`the run was stopped: ${why}`, { cause })
    this.name = 'RunStopped'
    this.why = why
  }
}
