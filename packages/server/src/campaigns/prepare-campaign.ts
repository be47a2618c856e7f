import {
  type Caller,
  CampaignRules,
  type CampaignTarget,
  type CreateCampaign,
  ErrandError,
  type FieldError,
  mapInParallel,
  type RepositoryAccess,
} from '@errand/contract'
import type * as core from '@errand/core'
import { RepositoryMoved } from '../auth/repository.ts'
import type { ServerContext } from '../context.ts'
import { prepareTask } from '../start-task.ts'

/** Repositories asked for at a time: a forge elsewhere is not to be overrun. */
const atOnce = 8

export interface PreparedCampaign {
  campaign: core.NewCampaign
  /** As the caller may see them now, by id. */
  repositories: Map<number, RepositoryAccess>
}

/**
 * A campaign with every task checked as its create would check it, for a caller who may write to every
 * repository: all of it can be sent, or none is.
 *
 * @throws ErrandError validation_failed that names each target that cannot be sent, and why.
 */
export async function prepareCampaign(
  context: ServerContext,
  caller: Caller,
  asked: CreateCampaign,
): Promise<PreparedCampaign> {
  const problems: FieldError[] = []
  const prepared = await mapInParallel([...asked.targets.entries()], atOnce, async (entry) => {
    const [place, target] = entry
    try {
      return await prepareTarget(context, caller, asked, target)
    } catch (error) {
      problems.push(...problemsOf(error, `targets[${place}]`, target))
      return undefined
    }
  })
  const targets = prepared.filter((target) => target !== undefined)
  const places = new Map<number, number>()
  for (const [place, target] of prepared.entries()) {
    if (target === undefined) continue
    const { id, full_name: name } = target.repository
    const first = places.get(id)
    if (first === undefined) places.set(id, place)
    else problems.push(problem(`targets[${place}].repository`, `${name} is targets[${first}] too`))
  }
  if (problems.length > 0) throw new ErrandError('validation_failed', { errors: problems })
  const campaign = {
    ...(asked.name === undefined ? {} : { name: asked.name }),
    creator: { id: caller.user.id, login: caller.user.login },
    rules: CampaignRules.parse(asked),
    targets: targets.map(({ task, pull }) => ({ task, pull })),
  }
  const repositories = new Map(targets.map(({ repository }) => [repository.id, repository]))
  return { campaign, repositories }
}

async function prepareTarget(
  context: ServerContext,
  caller: Caller,
  asked: CreateCampaign,
  target: CampaignTarget,
): Promise<core.NewCampaign['targets'][number] & { repository: RepositoryAccess }> {
  const [owner = '', repo = ''] = target.repository.split('/')
  const { model, custom_agent, timeout_minutes, priority, max_multiplier } = asked
  const baseRef = target.base_ref ?? asked.base_ref
  const { input, repository } = await prepareTask(
    context,
    caller,
    { owner, repo },
    {
      prompt: target.prompt ?? asked.prompt,
      create_pull_request: asked.create_pull_request,
      ...(model === undefined ? {} : { model }),
      ...(custom_agent === undefined ? {} : { custom_agent }),
      ...(baseRef === undefined ? {} : { base_ref: baseRef }),
      ...(timeout_minutes === undefined ? {} : { timeout_minutes }),
      ...(priority === undefined ? {} : { priority }),
      ...(max_multiplier === undefined ? {} : { max_multiplier }),
    },
  )
  return { repository, task: input, pull: { ...asked.pull_request, ...target.pull_request } }
}

/** What is wrong with one target, by the field's place. What is nobody's fault is thrown on. */
function problemsOf(error: unknown, path: string, { repository }: CampaignTarget): FieldError[] {
  if (error instanceof RepositoryMoved) {
    const name = error.repository.full_name
    return [problem(`${path}.repository`, `${repository} is ${name} now; name that`)]
  }
  if (!(error instanceof ErrandError) || error.status >= 500 || error.status === 429) throw error
  if (error.errorName === 'validation_failed') {
    return error.errors.map(({ field, message }) =>
      problem(`${path}.${field ?? 'repository'}`, `${repository}: ${message ?? error.message}`),
    )
  }
  const reason =
    error.errorName === 'not_found' ? 'there is none, or you may not see it' : error.message
  return [problem(`${path}.repository`, `${repository}: ${reason}`)]
}

function problem(field: string, message: string): FieldError {
  return { resource: 'Campaign', field, code: 'custom', message }
}
