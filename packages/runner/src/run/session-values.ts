import { SealBroken, type SessionValues, valuesOfSession } from '@errand/core'

import { SessionFailed } from '../failures.ts'
import type { Repository } from '../mirror/repository.ts'
import type { Run } from './run.ts'

/**
 * The secrets and variables of a session as they are now. From here on the secrets are masked in all that is
 * told of it.
 *
 * @throws SessionFailed secrets_unreadable
 */
export async function readValues(
  run: Run,
  { id, ownerId, private: isPrivate }: Repository,
): Promise<SessionValues> {
  const { store, encryption } = run.context
  const repository = { id, private: isPrivate, owner: { id: ownerId } }
  try {
    const values = await valuesOfSession(store, encryption, repository)
    run.mask.hide(values.secrets)
    return values
  } catch (error) {
    if (!(error instanceof SealBroken)) throw error
    const message = `This runner cannot decrypt the secrets of ${run.lease.task.repository_full_name}: ${error.message}.`
    throw new SessionFailed('secrets_unreadable', message, error)
  }
}

/**
 * Names that belong to Errand, to the loader or to a runtime, by which a value could change what runs in
 * place of what: never given, whoever says them.
 */
const kept = [
  /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|PWD|OLDPWD|TMPDIR|IFS|ENV|BASH_ENV|SHELLOPTS|BASHOPTS)$/,
  /^LD_/,
  /^(ERRAND|COPILOT_AGENT)_/,
  /^(HTTP|HTTPS|FTP|ALL|NO)_PROXY$/,
  /^(NODE_OPTIONS|NODE_PATH|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|SSL_CERT_DIR|REQUESTS_CA_BUNDLE)$/,
  /^GIT_(AUTHOR|COMMITTER|CONFIG)_/,
  /^GIT_(DIR|WORK_TREE|EXEC_PATH|TERMINAL_PROMPT|SSH|SSH_COMMAND|ASKPASS)$/,
]

/** Whether a name is not for anybody but Errand to give a value. */
export function isKept(name: string): boolean {
  return kept.some((pattern) => pattern.test(name))
}

/** What of them goes into the environment of setup steps and of the agent, and what does not. */
export function environmentOf({ environment }: Pick<SessionValues, 'environment'>): {
  given: Record<string, string>
  kept: string[]
} {
  const given = Object.entries(environment).filter(([name]) => !isKept(name))
  return { given: Object.fromEntries(given), kept: Object.keys(environment).filter(isKept) }
}
