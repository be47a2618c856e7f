import { posix } from 'node:path'

import type { Finding } from '@errand/contract'

import { requireWithinLimits } from '../../agent/exit.ts'
import { type Box, boxPaths } from '../../box/index.ts'
import { SessionFailed } from '../../failures.ts'
import { changesBetween } from '../../git/raw-diff.ts'
import type { Objects } from '../../git/read-objects.ts'
import { oneLine } from '../../printable.ts'
import type { Run } from '../../run/run.ts'
import { AnalysisFailed, openAnalysis } from '../analysis/open-analysis.ts'
import type { SarifResult } from '../analysis/tasks.ts'
import { ToolFailed } from '../finding.ts'
import type { Validated } from '../validate-result.ts'
import { changedLines, type LineRange } from './changed-lines.ts'

const mostBytes = 32 * 1024 * 1024
const mostResults = 10_000
const mostFindings = 200

/**
 * Runs the code scanner of the settings in the session's box, without any way out, and takes of its SARIF what
 * is about lines that the work has changed.
 *
 * @throws ToolFailed
 */
export async function scanCode(
  run: Run,
  { box, result, checkout }: Validated,
): Promise<Finding[] | undefined> {
  const { code_scanning: settings } = run.context.settings.validation
  if (settings === undefined || box === undefined) return undefined
  await run.say('Scanning the code')
  const bytes = await runScanner(run, box, settings)
  const results = await readResults(run.signal, bytes)
  const objects = { gitDir: result.gitDir, signal: run.signal }
  return await onlyChanged(objects, checkout.startCommit, result.commit, results)
}

async function runScanner(
  run: Run,
  box: Box,
  { command: [program = '', ...args], timeout_minutes: minutes }: Scanner,
): Promise<Buffer> {
  const limits = { timeoutMs: minutes * 60_000, maxOutputBytes: mostBytes }
  const ended = await box.run(program, args, limits)
  run.signal.throwIfAborted()
  if (ended.reason === 'wall_clock') throw new ToolFailed(`it took longer than ${minutes} minutes`)
  requireLimits(run, ended)
  if (ended.truncated) throw new ToolFailed('it printed more than 32 MB')
  if (ended.stdout.length === 0) {
    const last = oneLine(ended.stderr.toString('utf8').slice(-500))
    throw new ToolFailed(`it ended with code ${ended.code} and printed nothing: ${last}`)
  }
  return ended.stdout
}

interface Scanner {
  command: readonly string[]
  timeout_minutes: number
}

/** A scanner that is too large for the box is no reason to lose the work. */
function requireLimits(run: Run, ended: Awaited<ReturnType<Box['run']>>): void {
  try {
    requireWithinLimits(ended, run.context.settings.sandbox)
  } catch (error) {
    if (!(error instanceof SessionFailed)) throw error
    throw new ToolFailed(error.message.replace(/\.$/, ''), { cause: error })
  }
}

/** Scanners end with a code of their own when they have found something: what they print is what counts. */
async function readResults(signal: AbortSignal, bytes: Buffer): Promise<SarifResult[]> {
  await using analysis = openAnalysis(signal)
  try {
    return await analysis.ask({ type: 'sarif', bytes, most: mostResults })
  } catch (error) {
    if (!(error instanceof AnalysisFailed)) throw error
    throw new ToolFailed(`what it printed is no SARIF: ${error.message}`, { cause: error })
  }
}

async function onlyChanged(
  objects: Objects,
  from: string,
  to: string,
  results: readonly SarifResult[],
): Promise<Finding[]> {
  const changes = await changesBetween(objects, from, to)
  const byPath = new Map(changes.map((change) => [change.path, change]))
  const lines = new Map<string, LineRange[]>()
  const findings: Finding[] = []
  for (const { uri, line, rule, severity, message } of results) {
    const path = pathOf(uri)
    const change = path === undefined ? undefined : byPath.get(path)
    if (path === undefined || change === undefined) continue
    const changed = lines.get(path) ?? (await changedLines(objects, change.oldId, change.newId))
    lines.set(path, changed)
    const isNew =
      line === undefined || changed.some(([first, last]) => first <= line && line <= last)
    if (!isNew) continue
    findings.push({ path, ...(line === undefined ? {} : { line }), rule, severity, message })
    if (findings.length === mostFindings) break
  }
  return findings
}

/** A path in the checkout, as scanners write it: relative, or a URL of the file. */
function pathOf(uri: string): string | undefined {
  try {
    const path = decodeURIComponent(uri.replace(/^file:\/\//, ''))
    const relative = path.startsWith('/') ? posix.relative(boxPaths.workspace, path) : path
    return posix.normalize(relative)
  } catch (error) {
    if (error instanceof URIError) return undefined
    throw error
  }
}
