import { AnswerError, mapInParallel } from '@errand/contract'
import {
  evaluatePolicy,
  expiredExceptions,
  readConfiguration,
  type Configuration,
} from '@errand/policy'
import { explainError } from '../errors.ts'
import type { AuditPolicy } from './read-policy.ts'
import type { Reader } from './reader.ts'
import type { AuditReport } from './report.ts'

/** A configuration as it was read, with what a write needs to change just this one. */
export interface ReadRepository {
  configuration: Configuration
  etag: string | undefined
}

export interface Audit {
  report: AuditReport
  read: ReadonlyMap<string, ReadRepository>
}

export interface AuditOptions {
  server: string
  policy: AuditPolicy
  repositories: readonly string[]
  now: Date
  /** How many are read at a time. */
  concurrency: number
  /** Called after each repository, with how many there were and how many deviations they have. */
  onProgress: (done: number, deviations: number) => void
}

export function configurationPath(repository: string): string {
  return `/repos/${repository}/copilot/cloud-agent/configuration`
}

/**
 * Reads the configuration of every repository and holds it against the policy. It only reads: nothing
 * that a configuration names is started or asked. A repository that cannot be read is said so.
 *
 * @throws AnswerError when the token is not accepted: then none could be read
 */
export async function runAudit(reader: Reader, options: AuditOptions): Promise<Audit> {
  const { policy, repositories, now } = options
  const today = now.toISOString().slice(0, 10)
  const read = new Map<string, ReadRepository>()
  const report: AuditReport = {
    server: options.server,
    policy,
    at: now,
    repositories,
    deviations: expiredExceptions(policy.compiled, today),
    accepted: [],
    excepted: [],
    unchecked: [],
    requests: { sent: 0, not_modified: 0 },
  }
  let done = 0
  await mapInParallel(repositories, options.concurrency, async (repository) => {
    const found = await readOne(reader, repository)
    if ('reason' in found) report.unchecked.push({ repository, reason: found.reason })
    else {
      read.set(repository, found)
      addEvaluation(report, repository, found.configuration)
    }
    done += 1
    options.onProgress(done, report.deviations.length)
  })
  sort(report)
  report.requests = { sent: reader.counts.sent, not_modified: reader.counts.notModified }
  return { report, read }
}

/** Adds what the policy says of one repository. */
export function addEvaluation(
  report: AuditReport,
  repository: string,
  configuration: Configuration,
): void {
  const today = report.at.toISOString().slice(0, 10)
  const found = evaluatePolicy(report.policy.compiled, repository, configuration, today)
  report.deviations.push(...found.deviations)
  report.excepted.push(...found.excepted)
  report.unchecked.push(...found.unchecked.map((item) => ({ repository, ...item })))
}

async function readOne(
  reader: Reader,
  repository: string,
): Promise<ReadRepository | { reason: string }> {
  try {
    const { body, etag } = await reader.get(configurationPath(repository))
    const configuration = readConfiguration(body)
    return 'reason' in configuration ? configuration : { configuration, etag }
  } catch (error) {
    if (error instanceof AnswerError && error.status === 401) throw error
    // Only a stop of the whole command ends it; a time limit of one answer is that one's.
    if (error instanceof Error && error.name === 'Interrupted') throw error
    return { reason: explainError(error).message }
  }
}

/** They were read in any order; a report is the same each time. */
function sort(report: AuditReport): void {
  const key = ({ repository = '', rule = '' }: { repository?: string; rule?: string }): string =>
    `${repository.toLowerCase()} ${rule}`
  const byName = (a: { repository?: string }, b: { repository?: string }): number =>
    key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0
  report.deviations.sort(byName)
  report.excepted.sort(byName)
  report.unchecked.sort(byName)
}
