import { endSession, type Lease, subjectOf } from '@errand/core'

import { openAgentNotes } from './agent-notes.ts'
import { prepareAgent } from './agent/prepare-agent.ts'
import { endUnfinished } from './fail.ts'
import { openAgentReports } from './gateway/agent-reports.ts'
import { openCatalogue } from './gateway/catalogue.ts'
import { openGateway } from './gateway/open-gateway.ts'
import { letAgentWork } from './let-agent-work.ts'
import { openMcpEndpoints } from './mcp/endpoints.ts'
import { preparePlaywright } from './mcp/playwright-server/prepare-playwright.ts'
import { openMirror } from './mirror/mirror.ts'
import { findRepository } from './mirror/repository.ts'
import { findPublished, type Published } from './publish/find-published.ts'
import { openPull } from './publish/open-pull.ts'
import { pushBranch, recordBranch } from './publish/push-branch.ts'
import { openQuestions } from './questions.ts'
import { openRun, type Run, type RunnerContext } from './run/run.ts'
import { pushUnfinished } from './push-unfinished.ts'
import { effectiveConfiguration } from './run/effective-configuration.ts'
import { readValues } from './run/session-values.ts'
import { openSessionBox } from './session-box.ts'
import { openSessionFirewall } from './session-firewall.ts'
import { setUp } from './setup/set-up.ts'
import { readCustomAgent } from './steering/read-custom-agent.ts'
import { collectValidated } from './validation/collect-validated.ts'
import { checkOut } from './workspace/check-out.ts'
import { keepHome } from './workspace/kept-homes.ts'
import { workBranchOf } from './workspace/work-branch.ts'
import { openWorkspace } from './workspace/workspace.ts'

/**
 * The way of one session, from its lease to its pull request. Whatever goes wrong on it ends the
 * session with a message its reader understands. Should the process die on it, the session is run
 * again: each step finds what is already done, and none does it twice.
 */
export async function runSession(
  context: RunnerContext,
  lease: Lease,
  closing: AbortSignal,
): Promise<void> {
  await using run = openRun(context, lease, closing)
  try {
    const place = await findPlace(run)
    const { end_after_push: end } = lease.session
    if (end !== null) {
      await pushUnfinished(run, end, place)
      return
    }
    const published = (await findPublished(run, place)) ?? (await work(run, place))
    if (published === 'put_away') return
    if (published !== 'no_change') {
      await recordBranch(run, place.branch, published)
      await openPull(run, place, published)
    }
    await complete(run)
  } catch (error) {
    await endUnfinished(run, error)
  }
}

/** Where a session works, as the forge and this machine know it. */
type Place = Awaited<ReturnType<typeof findPlace>>

async function findPlace(run: Run) {
  const repository = await findRepository(run)
  const branch = workBranchOf(run.lease, run.context.settings.runner.branch_prefix)
  const values = await readValues(run, repository)
  const mirror = await openMirror(run)
  return { repository, branch, values, mirror }
}

/** From an empty box to a pushed branch. */
async function work(run: Run, place: Place): Promise<Published | 'put_away' | 'no_change'> {
  const descriptor = await prepareAgent(run)
  const { task, session } = run.lease
  const { settings } = run.context
  const catalogue = await openCatalogue(settings, session.model, subjectOf(task, session))
  // As it is now: what is changed while the agent works holds for the next session.
  const configuration = await effectiveConfiguration(run, place.repository)
  await using workspace = await openWorkspace(run)
  const questions = openQuestions(run, workspace)
  const notes = openAgentNotes()
  const mcpEndpoints = openMcpEndpoints(run)
  await using gateway = await openGateway(run, {
    runDir: workspace.runDir,
    catalogue,
    onQuestion: questions.ask,
    reports: openAgentReports(run),
    notes,
    mcpEndpoints,
    onUsedUp: async (question) =>
      (await questions.answerTo(await questions.ask(question))) !== undefined,
  })
  await using firewall = await openSessionFirewall(run, { workspace, configuration })
  const ways = { gateway, firewall }
  await using playwright = await preparePlaywright(run, { workspace, descriptor })
  const agent = { ...ways, descriptor, playwright }
  await using box = await openSessionBox(run, { workspace, agent, ...place })
  const checkout = await checkOut(run, box, { workspace, ...place })
  const customAgent = await readCustomAgent(run, { ...checkout, ...place })
  const setupEnv = await setUp(run, box, { workspace, checkout, firewall, ...place })
  const parts = {
    workspace,
    ...ways,
    descriptor,
    catalogue,
    questions,
    notes,
    mcpEndpoints,
    playwright,
    configuration,
    checkout,
    customAgent,
    setupEnv,
    ...place,
  }
  const worked = await letAgentWork(run, box, parts)
  if (worked === 'put_away') return 'put_away'
  const collected = await collectValidated(run, box, parts, worked)
  const { summary, result } = collected
  await run.record({ type: 'session.summary', data: summary })
  await box.close()
  await keepHome(run, workspace)
  if (result === undefined) {
    await run.say('No changes were made: there is nothing to push.')
    return 'no_change'
  }
  const commit = await pushBranch(run, { checkout, result, ...place })
  const { filesChanged } = result
  const { commands, note } = collected.worked
  return { commit, filesChanged, summary, commands, ...(note === undefined ? {} : { note }) }
}

async function complete(run: Run): Promise<void> {
  await run.recorder.flush()
  run.signal.throwIfAborted()
  await endSession(run.context.store, run.lease, { state: 'completed' })
}
