import type { Repository } from '../mirror/repository.ts'
import type { Run } from '../run/run.ts'

/** Where people read about the session: the task's page, as GitHub has it (behaviour.md 1.2). */
export function sessionUrlOf(run: Run, repository: Pick<Repository, 'full_name'>): string {
  const { task, session } = run.lease
  const page = `${publicUrlOf(run)}/${repository.full_name}/copilot/tasks/${task.id}`
  return `${page}?session_id=${session.id}`
}

/** Where users reach the server, as far as a runner's own settings say it. */
function publicUrlOf({ context }: Run): string {
  const { settings, forge } = context
  const url =
    settings.public_url ??
    (settings.forge === 'embedded' ? forge.webUrl : `http://${settings.host}:${settings.port}`)
  return url.replace(/\/+$/, '')
}
