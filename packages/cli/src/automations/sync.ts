import { isDeepStrictEqual } from 'node:util'
import type { Automation, Client } from '@errand/contract'
import type { RepositoryName } from '../client/git-remote.ts'
import { automationOf } from './automation-file.ts'
import { composeTemplate } from './compose-template.ts'
import { listOfRepository } from './find-automation.ts'
import { readFiles } from './read-files.ts'

type Wanted = ReturnType<typeof automationOf>

/** What has to be done so that the server has what the files say. */
export type Step =
  | { action: 'create'; name: string; wanted: Wanted }
  | { action: 'update'; name: string; id: string; revision: string; changes: Partial<Wanted> }
  | { action: 'delete'; name: string; id: string }
  | { action: 'keep'; name: string; note?: string }

/**
 * Compares the files of a repository with the automations that were made from them. Changes nothing.
 *
 * @throws UserError when a file is wrong
 */
export async function planSync(
  client: Client,
  params: RepositoryName,
  signal: AbortSignal,
): Promise<Step[]> {
  const files = await readFiles(client, params, signal)
  const made = new Map<string, Automation>()
  for (const { id, name, source_path } of await listOfRepository(client, params, signal)) {
    // Made by hand.
    if (source_path === undefined) continue
    const path = { ...params, automation_id: id }
    made.set(name, await client.call('getAutomation', { params: path, signal }))
  }
  const steps: Step[] = []
  for (const [path, file] of files) {
    const { template, options, base_ref: base } = file
    const prompt =
      template === undefined
        ? (file.prompt ?? '')
        : await composeTemplate(
            client,
            params,
            { name: template, options, base: base || undefined },
            signal,
          )
    steps.push(compare(automationOf(file, path, prompt), made.get(file.name)))
    made.delete(file.name)
  }
  const gone = [...made.values()].map(({ id, name }) => ({ action: 'delete' as const, id, name }))
  return [...steps, ...gone]
}

function compare(wanted: Wanted, now: Automation | undefined): Step {
  const { name } = wanted
  if (now === undefined) return { action: 'create', name, wanted }
  const different = Object.entries(wanted).filter(
    ([key, value]) => !isDeepStrictEqual(value, now[key as keyof Automation]),
  )
  const changes: Partial<Wanted> = Object.fromEntries(different)
  const isPausedByServer = now.disabled_state !== undefined
  // What failed would fail again: it is resumed by a person, or by a change of the file.
  if (isPausedByServer && different.every(([key]) => key === 'enabled')) {
    return { action: 'keep', name, note: 'the server paused it: errand automation resume' }
  }
  if (different.length === 0) return { action: 'keep', name }
  return { action: 'update', name, id: now.id, revision: now.current_revision_id, changes }
}

/** Done again it does what is left: an automation is known by its name. */
export async function carryOut(
  client: Client,
  params: RepositoryName,
  step: Step,
  signal: AbortSignal,
): Promise<void> {
  switch (step.action) {
    case 'create': {
      const body = { ...step.wanted, owner_type: 'repository' as const }
      await client.call('createAutomation', { params, body, signal })
      return
    }
    case 'update': {
      const body = { ...step.changes, expected_revision_id: step.revision }
      const path = { ...params, automation_id: step.id }
      await client.call('updateAutomation', { params: path, body, signal })
      return
    }
    case 'delete': {
      const path = { ...params, automation_id: step.id }
      await client.call('deleteAutomation', { params: path, signal })
      return
    }
    case 'keep':
      return
  }
}
