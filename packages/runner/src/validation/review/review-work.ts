import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'

import { type Finding, scriptModelId } from '@errand/contract'
import { subjectOf } from '@errand/core'

import { openAgentNotes } from '../../agent-notes.ts'
import { prepareAgent } from '../../agent/prepare-agent.ts'
import { SessionFailed } from '../../failures.ts'
import { openCatalogue } from '../../gateway/catalogue.ts'
import { openGateway } from '../../gateway/open-gateway.ts'
import type { Mirror } from '../../mirror/mirror.ts'
import { TooManyQuestions } from '../../questions.ts'
import type { Run } from '../../run/run.ts'
import { openSessionBox } from '../../session-box.ts'
import type { SessionFirewall } from '../../session-firewall.ts'
import { removeTree } from '../../workspace/remove-tree.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import { ToolFailed } from '../finding.ts'
import type { Validated } from '../validate-result.ts'
import { askReviewer } from './ask-reviewer.ts'
import { checkOutResult, packResult } from './check-out-result.ts'
import { readReview } from './read-review.ts'
import { composeReviewPrompt } from './review-prompt.ts'

/** What a review needs of the session whose work it is about. */
export interface ReviewParts {
  workspace: Workspace
  mirror: Mirror
  firewall: SessionFirewall
}

/**
 * Lets another agent read the work, in a box of its own with a checkout of its own: what it does there is thrown
 * away, and it has none of the secrets of the session. What it uses of models counts as the session's.
 *
 * @throws ToolFailed
 */
export async function reviewWork(run: Run, work: Validated): Promise<Finding[] | undefined> {
  const { review } = run.context.settings.validation
  const model = review?.model ?? run.lease.session.model
  if (review === undefined || work.parts === undefined || model === scriptModelId) return undefined
  await run.say('Having the work reviewed')
  const dir = join(work.parts.workspace.dir, 'review')
  await removeTree(dir)
  try {
    const said = await reviewIn(run, work, { ...work.parts, dir, model })
    const findings = readReview(said)
    if (findings === undefined) throw new ToolFailed('the reviewer gave no list of findings')
    return findings
  } catch (error) {
    run.signal.throwIfAborted()
    if (!(error instanceof SessionFailed)) throw error
    throw new ToolFailed(error.message.replace(/\.$/, ''), { cause: error })
  } finally {
    await removeTree(dir)
  }
}

async function reviewIn(
  run: Run,
  { result, checkout }: Validated,
  { workspace, mirror, firewall, dir, model }: ReviewParts & { dir: string; model: string },
): Promise<string> {
  const { settings } = run.context
  const { review } = settings.validation
  const { task, session } = run.lease
  const descriptor = await prepareAgent(run, reviewerOf(run, model))
  const catalogue = await openCatalogue(settings, model, subjectOf(task, session))
  const [workspaceDir, homeDir, runDir] = ['workspace', 'home', 'run'].map((name) =>
    join(dir, name),
  ) as [string, string, string] // one for each name
  for (const path of [workspaceDir, homeDir, runDir]) {
    await mkdir(path, { recursive: true, mode: 0o700 })
  }
  await packResult(run, { result, checkout, homeDir })
  await using gateway = await openGateway(run, {
    runDir,
    catalogue,
    onQuestion: () => Promise.reject(new TooManyQuestions('A reviewer asks nobody')),
    notes: openAgentNotes(),
    // Nobody is asked for more: the work is done, and can be pushed without a review.
    onUsedUp: () => Promise.resolve(false),
  })
  await using box = await openSessionBox(run, {
    workspace: { ...workspace, workspaceDir, homeDir, runDir },
    mirror,
    agent: { gateway, firewall, descriptor },
  })
  await checkOutResult(run, box)
  const prompt = composeReviewPrompt({
    instructions: review?.prompt,
    prompt: session.prompt,
    startCommit: checkout.startCommit,
  })
  const timeoutMs = (review?.timeout_minutes ?? 10) * 60_000
  return await askReviewer(run, box, {
    gateway,
    firewall,
    descriptor,
    catalogue,
    prompt,
    timeoutMs,
  })
}

/** Who is named; else who runs the model that is named; else the kind of agent that did the work. */
function reviewerOf(run: Run, model: string): string {
  const { validation, models } = run.context.settings
  const { agent, model: named } = validation.review ?? {}
  const itsAgent = named === undefined ? undefined : models.find(({ id }) => id === model)?.agent
  return agent ?? itsAgent ?? run.lease.session.agent
}
