import { basename, matchesGlob } from 'node:path'

import type { Finding } from '@errand/contract'

import { gitMaybe } from '../../git/git.ts'
import type { Objects } from '../../git/read-objects.ts'
import { createRedaction } from '../../redaction/redact-secrets.ts'
import {
  type Analysis,
  AnalysisFailed,
  type AnalysisLimits,
  openAnalysis,
} from '../analysis/open-analysis.ts'
import type { FoundSecret } from '../analysis/tasks.ts'
import { ToolFailed } from '../finding.ts'
import { type Additions, readAdditions } from '../read-additions.ts'
import { readBlobs, readFileAt } from '../read-blobs.ts'
import { givenRule, openGivenSearch } from './find-given.ts'

export interface ScanOptions extends Objects {
  /** What the work stands on: what is in there is nothing new. */
  startCommit: string
  /** The secrets that the agent was given. */
  given: readonly string[]
  /** Globs of paths that may have what looks like a secret. */
  allow: readonly string[]
  /** What else will be said of the work, like the commands that made it. */
  said: string
  /** Default: that of `openAnalysis`. */
  limits?: AnalysisLimits
}

interface Found extends Omit<FoundSecret, 'line'> {
  /** Absent where it is in no file. */
  path?: string
  line?: number
}

type Find = (name: string, bytes: Uint8Array) => Promise<FoundSecret[]>

const mostBytes = 512 * 1024 * 1024
const mostFound = 100
/** Of one content: more copies of it are not compared with what was there before. */
const mostPaths = 8

export interface Scanned {
  findings: Finding[]
  /** What was found, here and in what will be said: to be masked from now on, and never to be told. */
  values: string[]
}

/**
 * Scans all that a push of the commit would bring to the forge: what is in files and links, in every commit;
 * their paths; and the messages of the commits. No finding has the secret in it. What is only said is no
 * finding: it can be masked.
 *
 * @throws ToolFailed where it could not be scanned, which must never pass for clean
 */
export async function scanSecrets(commit: string, options: ScanOptions): Promise<Scanned> {
  await using analysis = openAnalysis(options.signal, options.limits)
  const find = openFind(analysis, options.given)
  try {
    const additions = await readAdditions(options, commit)
    const around = await findAround(find, additions)
    const inside = await findInside(find, additions, options)
    const found = [...around, ...inside]
    const said = await find('', Buffer.from(options.said))
    return { findings: present(found), values: [...found, ...said].map(({ value }) => value) }
  } catch (error) {
    if (error instanceof AnalysisFailed) throw new ToolFailed(error.message, { cause: error })
    throw error
  }
}

function openFind(analysis: Analysis, given: readonly string[]): Find {
  const findGiven = openGivenSearch(given)
  return async (name, bytes) => [
    ...findGiven(bytes),
    ...(await analysis.ask({ type: 'secrets', name, bytes })),
  ]
}

/** In what is pushed beside the files. */
async function findAround(find: Find, { blobs, messages }: Additions): Promise<Found[]> {
  const paths = blobs.flatMap((blob) => blob.paths).join('\n')
  const inPaths = await find('', Buffer.from(paths))
  const inMessages = await find('', Buffer.from(messages.join('\n')))
  return [...tell(inPaths, 'in the name of a file'), ...tell(inMessages, "in a commit's message")]
}

function tell(found: readonly FoundSecret[], where: string): Found[] {
  return found.map(({ rule, message, value }) => ({ rule, message: `${message}, ${where}`, value }))
}

async function findInside(
  find: Find,
  { blobs }: Additions,
  options: ScanOptions,
): Promise<Found[]> {
  const pathsOf = new Map(blobs.map(({ id, paths }) => [id, paths]))
  const found: Found[] = []
  for await (const { id, bytes } of readBlobs(options, [...pathsOf.keys()], { mostBytes })) {
    const paths = pathsOf.get(id) ?? []
    // What is in a path that is not allowed is found there, wherever else it is.
    const isAllowed = (one: string): boolean => options.allow.some((glob) => matchesGlob(one, glob))
    const path = paths.find((one) => !isAllowed(one))
    const name = basename(path ?? paths[0] ?? '')
    const all = await find(name, bytes)
    const counted = path === undefined ? all.filter(({ rule }) => rule === givenRule) : all
    const news = await withoutOld(counted, paths, options)
    const shown = path ?? paths[0]
    found.push(...news.map((one) => ({ ...one, ...(shown !== undefined && { path: shown }) })))
    if (found.length >= mostFound) break
  }
  return found
}

/** What was there before is not the agent's doing, and is on the forge already. */
async function withoutOld(
  found: readonly FoundSecret[],
  paths: readonly string[],
  options: ScanOptions,
): Promise<FoundSecret[]> {
  const isOld = new Map<string, boolean>()
  for (const { value } of found) {
    if (!isOld.has(value)) isOld.set(value, await wasThere(value, paths, options))
  }
  return found.filter(({ value }) => isOld.get(value) === false)
}

/** A value of one line anywhere: files are moved. One of many lines in the files it is in now. */
async function wasThere(
  value: string,
  paths: readonly string[],
  { gitDir, signal, startCommit }: ScanOptions,
): Promise<boolean> {
  if (!/[\r\n]/.test(value)) {
    const search = ['grep', '--quiet', '--text', '--fixed-strings', '-f', '-', startCommit]
    return (await gitMaybe(search, { gitDir, signal, input: `${value}\n` })) !== undefined
  }
  for (const path of paths.slice(0, mostPaths)) {
    const before = await readFileAt({ gitDir, signal }, startCommit, path)
    if (before?.includes(value) === true) return true
  }
  return false
}

/** Every text without every value that was found: a name may have in it what is in another file. */
function present(found: readonly Found[]): Finding[] {
  const redaction = createRedaction([...new Set(found.map(({ value }) => value))], { mask: '***' })
  return found.slice(0, mostFound).map(({ path, line, rule, message }) => ({
    ...(path === undefined ? {} : { path: redaction.text(path) }),
    ...(line === undefined ? {} : { line }),
    rule,
    severity: 'critical',
    message: redaction.text(message),
  }))
}
