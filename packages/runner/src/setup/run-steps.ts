import { posix } from 'node:path'

import type { SessionValues } from '@errand/core'

import { type Box, boxPaths } from '../box/index.ts'
import { oneLine } from '../printable.ts'
import type { Mirror } from '../mirror/mirror.ts'
import type { Repository } from '../mirror/repository.ts'
import type { Run } from '../run/run.ts'
import { environmentOf } from '../run/session-values.ts'
import type { SessionFirewall } from '../session-firewall.ts'
import type { WorkBranch } from '../workspace/work-branch.ts'
import { maySet, mostVariableBytes, parseAssignments, parsePaths } from './environment-files.ts'
import {
  BadExpression,
  type Conclusion,
  type Contexts,
  holds,
  interpolate,
  type Scope,
  type StepContext,
} from './expressions.ts'
import { type HandedOn, pathAfter } from './handed-on.ts'
import { hashFiles, type Tree } from './read-tree.ts'
import { runAction } from './run-action.ts'
import { runnerVariables, runnerContexts } from './runner-variables.ts'
import { runScript, type ScriptEnd } from './run-script.ts'
import type { SetupJob, SetupStep } from './steps-file.ts'
import { tellOutput } from './tell-output.ts'
import { tellSummary } from './tell-summary.ts'

export interface StepsParts {
  mirror: Mirror
  repository: Repository
  branch: WorkBranch
  firewall: SessionFirewall
  values: SessionValues
  tree: Tree
}

export interface StepsEnd {
  handedOn: HandedOn
  /** Whether each of them that was to run has succeeded: only then the results are worth keeping. */
  haveSucceeded: boolean
}

/** The job as it stands between two steps. */
interface Progress extends StepsParts {
  job: SetupJob
  box: Box
  handedOn: HandedOn
  steps: Record<string, StepContext>
  hasFailed: boolean
  hasFailedSilently: boolean
  /** By performance.now(). */
  endsAt: number
  given: Readonly<Record<string, string>>
}

interface StepEnd {
  outcome: Conclusion
  outputs: Record<string, string>
  message?: string
}

/**
 * Runs the steps in their order, as GitHub does: after one that fails only those run that ask for it. That a
 * step fails is told, and no error.
 *
 * @throws SessionFailed where the box went over a limit
 */
export async function runSteps(
  run: Run,
  box: Box,
  job: SetupJob,
  parts: StepsParts,
): Promise<StepsEnd> {
  const progress: Progress = {
    ...parts,
    job,
    box,
    handedOn: { variables: {}, paths: [], masks: [] },
    steps: {},
    hasFailed: false,
    hasFailedSilently: false,
    endsAt: performance.now() + job.timeoutMinutes * 60_000,
    given: environmentOf(parts.values).given,
  }
  for (const [at, step] of job.steps.entries()) await runStep(run, progress, at + 1, step)
  const { handedOn, hasFailed, hasFailedSilently } = progress
  return { handedOn, haveSucceeded: !hasFailed && !hasFailedSilently }
}

async function runStep(
  run: Run,
  progress: Progress,
  number: number,
  step: SetupStep,
): Promise<void> {
  const startedAt = performance.now()
  let name = defaultName(step)
  let end: StepEnd
  let mayFail = false
  try {
    const scope = scopeOf(progress, step)
    if (step.name !== undefined) name = nameFrom(interpolate(step.name, scope))
    const why = reasonToSkip(progress, step, scope)
    if (why === undefined) {
      mayFail = isTrue(interpolate(step['continue-on-error'], scope))
      await run.record({ type: 'setup.step_start', data: { number, name } })
      end = await doStep(run, progress, number, step, scope)
    } else {
      end = { outcome: 'skipped', outputs: {}, message: why }
    }
  } catch (error) {
    if (!(error instanceof BadExpression)) throw error
    end = { outcome: 'failure', outputs: {}, message: error.message }
  }
  const { outcome, outputs, message } = end
  const isBad = outcome === 'failure' || outcome === 'cancelled'
  const conclusion = isBad && mayFail ? 'success' : outcome
  if (step.id !== undefined) progress.steps[step.id] = { outputs, outcome, conclusion }
  if (isBad && mayFail) progress.hasFailedSilently = true
  const seconds = Math.round((performance.now() - startedAt) / 100) / 10
  const why = message === undefined ? {} : { message }
  await run.record({
    type: 'setup.step_complete',
    data: { number, name, outcome, seconds, ...why },
  })
  if (!isBad || mayFail || progress.hasFailed) return
  progress.hasFailed = true
  await run.say(
    `The setup step “${name}” ${message ?? 'failed'}. The steps after it are skipped, and the agent starts with what is there.`,
    'warning',
  )
}

/** Undefined where the step is to run. */
function reasonToSkip(progress: Progress, step: SetupStep, scope: Scope): string | undefined {
  if (performance.now() >= progress.endsAt) {
    return `the ${progress.job.timeoutMinutes} minutes of the steps are over`
  }
  if (holds(step.if ?? '', scope)) return undefined
  return progress.hasFailed ? 'a step before it failed' : 'its condition does not hold'
}

async function doStep(
  run: Run,
  progress: Progress,
  number: number,
  step: SetupStep,
  scope: Scope,
): Promise<StepEnd> {
  const env = environmentFor(progress, scope.contexts.env)
  if (step.uses !== undefined) {
    const { mirror, tree, box, repository } = progress
    const inputs = mapValues(step.with, (value) => interpolate(value, scope))
    const action = { uses: step.uses, inputs }
    const parts = { box, mirror, tree, repository: repository.full_name, env }
    const { outcome, outputs, handsOn, warnings } = await runAction(run, action, parts)
    if (handsOn !== undefined) handOn(progress, handsOn.variables, handsOn.paths)
    for (const warning of warnings) await run.say(warning, 'warning')
    return { outcome, outputs }
  }
  const leftMs = progress.endsAt - performance.now()
  const minutes = Number(interpolate(step['timeout-minutes'] ?? '', scope))
  const script = {
    // One of the two is there: the file was checked for it.
    text: interpolate(step.run ?? '', scope),
    shell: step.shell,
    cwd: posix.resolve(boxPaths.workspace, interpolate(step['working-directory'] ?? '', scope)),
    env,
    forwards: [progress.firewall.forward],
    timeoutMs: Math.max(1, minutes > 0 ? Math.min(leftMs, minutes * 60_000) : leftMs),
  }
  const output = tellOutput(run, number, (value) => mask(run, progress, value))
  const ended = await runScript(run, progress.box, script, output)
  const problems = takeOver(progress, ended)
  for (const problem of [...ended.problems, ...problems.said]) await run.say(problem, 'warning')
  tellSummary(run, number, ended.files.step_summary)
  const { outputs } = problems
  if (ended.failure === undefined) return { outcome: 'success', outputs }
  // One that was out of its own time has failed; when the job's is over, it is cancelled.
  const outcome = performance.now() < progress.endsAt ? 'failure' : 'cancelled'
  return { outcome, outputs, message: ended.failure }
}

/** What the step has written to its files holds from the next one on. */
function takeOver(
  progress: Progress,
  { files }: ScriptEnd,
): { outputs: Record<string, string>; said: string[] } {
  const env = parseAssignments(files.env, 'GITHUB_ENV')
  const output = parseAssignments(files.output, 'GITHUB_OUTPUT')
  const said = handOn(progress, env.values, parsePaths(files.path))
  return { outputs: output.values, said: [...env.problems, ...output.problems, ...said] }
}

/** Sentences on what of it cannot be handed on. */
function handOn(
  { handedOn }: Progress,
  variables: Readonly<Record<string, string>>,
  paths: readonly string[],
): string[] {
  const said: string[] = []
  for (const [name, value] of Object.entries(variables)) {
    const size = JSON.stringify(handedOn.variables).length + name.length + value.length
    if (!maySet(name)) {
      said.push(`GITHUB_ENV cannot set ${oneLine(name).slice(0, 100)}.`)
    } else if (size > mostVariableBytes) {
      said.push(`GITHUB_ENV has set more than a program can be given: ${name} is not kept.`)
    } else {
      handedOn.variables[name] = value
    }
  }
  handedOn.paths = [...new Set([...paths.toReversed(), ...handedOn.paths])].slice(0, 100)
  return said
}

/** Of a step's own masks; what is masked costs time with each line that is told. */
const mostMasks = 500

function mask(run: Run, { handedOn, values }: Progress, value: string): void {
  if (value === '' || handedOn.masks.length >= mostMasks || value.length > 65_536) return
  if (handedOn.masks.includes(value)) return
  handedOn.masks.push(value)
  run.mask.hide([...values.secrets, ...handedOn.masks])
}

function scopeOf(progress: Progress, step: SetupStep): Scope {
  const { job, handedOn, values, hasFailed, tree } = progress
  const contexts: Contexts = {
    ...runnerContexts(progress),
    job: { status: hasFailed ? 'failure' : 'success' },
    env: {},
    steps: progress.steps,
    ...parted(values),
  }
  const scope = {
    contexts,
    hasFailed,
    hashFiles: (patterns: readonly string[]) => hashFiles(tree, patterns),
  }
  // Those of the job may name the repository's, a step's own may name the job's.
  const ofJob = { ...fill(job.env, scope), ...handedOn.variables }
  const inJob = { ...scope, contexts: { ...contexts, env: ofJob } }
  const env = { ...ofJob, ...fill(step.env, inJob) }
  return { ...scope, contexts: { ...contexts, env } }
}

function fill(env: Readonly<Record<string, string>>, scope: Scope): Record<string, string> {
  return mapValues(env, (value) => interpolate(value, scope))
}

function mapValues(
  record: Readonly<Record<string, string>>,
  map: (value: string) => string,
): Record<string, string> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]))
}

/** Both are in one environment by now; which of them are secret is known by their values. */
function parted({ environment, secrets }: SessionValues): Pick<Contexts, 'secrets' | 'vars'> {
  const isSecret = (value: string): boolean => secrets.includes(value)
  const entries = Object.entries(environment)
  return {
    secrets: Object.fromEntries(entries.filter(([, value]) => isSecret(value))),
    vars: Object.fromEntries(entries.filter(([, value]) => !isSecret(value))),
  }
}

/** Errand's own word counts last: what leads out of the box is not the steps' to change. */
function environmentFor(
  progress: Progress,
  written: Readonly<Record<string, string>>,
): Record<string, string> {
  const path = pathAfter(progress.handedOn)
  return {
    ...(path === undefined ? {} : { PATH: path }),
    ...progress.given,
    ...Object.fromEntries(Object.entries(written).filter(([, value]) => !value.includes('\0'))),
    ...runnerVariables(progress),
    ...progress.firewall.env,
  }
}

function isTrue(text: string): boolean {
  return text.trim().toLowerCase() === 'true'
}

/** As GitHub names a step that has no name. */
function defaultName({ run: script, uses }: SetupStep): string {
  return nameFrom(`Run ${uses ?? script?.trim().split('\n', 1)[0] ?? ''}`)
}

function nameFrom(text: string): string {
  return oneLine(text).slice(0, 200) || 'step'
}
