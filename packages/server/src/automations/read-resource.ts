import {
  type Caller,
  type ForgeEventName,
  invalidField,
  isForgeEvent,
  type RepositoryAccess,
  type RunAutomation,
  workflowConclusions,
} from '@errand/contract'
import type { AutomationRow, EventHint, RunTrigger } from '@errand/core'
import { writerOf } from '../auth/writer.ts'
import type { ServerContext } from '../context.ts'
import { NotSo, readEvent } from './read-event.ts'
import { triggerOf } from './trigger-of.ts'

/**
 * What a run that is started by hand is about, as though its event had happened: looked up as the caller sees it.
 * Undefined for an event that is about nothing on the forge.
 *
 * @throws ErrandError validation_failed that names the field
 */
export async function readResource(
  context: ServerContext,
  of: {
    caller: Caller
    automation: AutomationRow
    repository: RepositoryAccess
    isChecked: boolean
  },
  body: RunAutomation,
): Promise<RunTrigger | undefined> {
  const { event, type, conclusion, resource_url: url } = body
  const { caller, automation, repository, isChecked } = of
  const trigger = isForgeEvent(event) ? automation.triggers[event] : undefined
  if (!isForgeEvent(event) || trigger === undefined) {
    if (url === undefined) return undefined
    throw refused('resource_url', `${event} is about nothing that has one`)
  }
  const types: readonly string[] = 'types' in trigger ? trigger.types : ['submitted']
  if (type === undefined || !types.includes(type)) {
    throw refused('type', `is needed for ${event}, and is one of ${types.join(', ')}`)
  }
  requireConclusion(event, type, conclusion)
  if (url === undefined) throw refused('resource_url', `is needed for ${event}`)
  const hint = hintOf(event, url, repository.full_name)
  try {
    const read = await readEvent(context, { own: caller, repository }, { event, type, hint })
    const at = { repository_id: repository.id, full_name: repository.full_name }
    return await triggerOf(
      read,
      trigger.write_scope ?? automation.write_scope,
      async (id) => isChecked || (await writerOf(context, { user_id: id, ...at })) !== undefined,
    )
  } catch (error) {
    if (error instanceof NotSo) throw refused('resource_url', error.message)
    throw error
  }
}

/** It is told to the agent: only words that are known. */
function requireConclusion(event: string, type: string, conclusion: string | undefined): void {
  const known: readonly string[] =
    event === 'workflow_run' && type === 'completed' ? workflowConclusions : []
  if (conclusion === undefined ? known.length === 0 : known.includes(conclusion)) return
  throw known.length === 0
    ? refused('conclusion', `is only of workflow_run that is completed`)
    : refused('conclusion', `is needed for workflow_run, and is one of ${known.join(', ')}`)
}

/** By the page's address, and by the API's. */
const addresses: Record<ForgeEventName, [pattern: RegExp, read: (ids: number[]) => EventHint][]> = {
  issues: [[/^issues\/(\d+)$/, ([number]) => hint({ number, is_pull: false })]],
  pull_request: [[/^pulls?\/(\d+)$/, ([number]) => hint({ number, is_pull: true })]],
  pull_request_review_submitted: [
    [
      /^pull\/(\d+)#pullrequestreview-(\d+)$/,
      ([number, id]) => hint({ number, is_pull: true, review_id: id }),
    ],
    [
      /^pulls\/(\d+)\/reviews\/(\d+)$/,
      ([number, id]) => hint({ number, is_pull: true, review_id: id }),
    ],
  ],
  issue_comment: [
    [
      /^issues\/(\d+)#issuecomment-(\d+)$/,
      ([number, id]) => hint({ number, is_pull: false, comment_id: id }),
    ],
    [
      /^pull\/(\d+)#issuecomment-(\d+)$/,
      ([number, id]) => hint({ number, is_pull: true, comment_id: id }),
    ],
  ],
  pull_request_review_comment: [
    [
      /^pull\/(\d+)#discussion_r(\d+)$/,
      ([number, id]) => hint({ number, is_pull: true, comment_id: id }),
    ],
    [/^pulls\/comments\/(\d+)$/, ([id]) => hint({ is_pull: true, comment_id: id })],
  ],
  workflow_run: [[/^actions\/runs\/(\d+)$/, ([id]) => hint({ run_id: id })]],
}

function hint(parts: { [K in keyof EventHint]: EventHint[K] | undefined }): EventHint {
  // A pattern that matches has its numbers.
  return parts as EventHint
}

function hintOf(event: ForgeEventName, url: string, fullName: string): EventHint {
  const path = URL.canParse(url) ? `${new URL(url).pathname}${new URL(url).hash}` : ''
  // `/api/v3/repos/o/r/…`, `/repos/o/r/…` and `/o/r/…`.
  const [, name = '', rest = ''] =
    /^(?:\/api\/v3)?(?:\/repos)?\/([^/]+\/[^/]+)\/(.+)$/.exec(path) ?? []
  if (name.toLowerCase() !== fullName.toLowerCase()) {
    throw refused('resource_url', `must be the address of something in ${fullName}`)
  }
  for (const [pattern, read] of addresses[event]) {
    const found = pattern.exec(rest)
    if (found !== null) return read(found.slice(1).map(Number))
  }
  throw refused('resource_url', `is not the address of what ${event} is about`)
}

function refused(field: string, why: string) {
  return invalidField(field, `${field}: ${why}`, 'Automation')
}
