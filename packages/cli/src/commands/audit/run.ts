import { resolve } from 'node:path'
import { createClient } from '@errand/contract'
import { type Command, Option } from 'commander'
import { type Connection, findConnection } from '../../client/connection.ts'
import { explainError, Exit, exitCodes, Interrupted, UserError } from '../../errors.ts'
import type { Audit } from '../../audit/run-audit.ts'
import { type AuditFormat, auditFormats } from '../../audit/formats/names.ts'
import type { AuditPolicy } from '../../audit/read-policy.ts'
import type { Reader } from '../../audit/reader.ts'
import { openStatusLine } from '../../terminal/status-line.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { examples } from '../examples.ts'
import { parseCount } from '../parse-count.ts'
import { couldNotCheck } from './could-not-check.ts'

interface RunOptions {
  org: string[]
  repo: string[]
  file?: string
  policy?: string
  archived?: boolean
  format?: AuditFormat
  output: string[]
  baseline?: string
  writeBaseline?: string | true
  fix?: boolean
  yes?: boolean
  concurrency: number
  cache: boolean
}

export const runExamples = [
  'errand audit --org acme --policy policy.yml',
  'errand audit --file repos.txt --policy policy.yml --output audit.sarif --output audit.md',
  'errand audit --org acme --policy policy.yml --baseline audit-baseline.json',
]

export function addRunCommand(audit: Command, terminal: Terminal): void {
  const collect = (value: string, before: string[]): string[] => [...before, value]
  audit
    .command('run', { isDefault: true })
    .summary('check repositories (what audit does by itself)')
    .description(
      'Read the configuration of every repository and check it against a policy. Nothing is changed without --fix, and no MCP server is ever started or asked.',
    )
    .option('--org <org>', 'all repositories of an organization', collect, [])
    .option('-R, --repo <owner/repo>', 'this repository; may be given many times', collect, [])
    .option('--file <list>', 'the repositories of a file, one a line, # for comments')
    .option('--archived', 'archived repositories of an organization too')
    .option('--policy <file>', 'the policy (default: the rules that need nothing said)')
    .addOption(new Option('--format <format>', 'what is printed').choices(auditFormats))
    .option(
      '-o, --output <file>',
      'write it too, by the end of its name: .sarif, .json, .md, .xml (JUnit), .csv, .txt',
      collect,
      [],
    )
    .option('--baseline <file>', 'accept what this file has, and report only what is new')
    .option('--write-baseline [file]', 'accept all that is found (default: audit-baseline.json)')
    .option('--fix', 'write what keeps the rules, after showing it and asking')
    .option('-y, --yes', 'do not ask before --fix writes')
    .option('--concurrency <n>', 'how many are read at a time', parseCount, 8)
    .option('--no-cache', 'neither use nor keep answers of earlier runs')
    .addHelpText('after', examples(...runExamples))
    .action((options: RunOptions) => asCheck(() => run(terminal, options)))
}

/** A check that could not be made must not look like one that found something. */
async function asCheck(check: () => Promise<void>): Promise<void> {
  try {
    await check()
  } catch (error) {
    if (error instanceof Exit || error instanceof Interrupted) throw error
    const { message } = explainError(error)
    throw new UserError(message, { exitCode: couldNotCheck, cause: error })
  }
}

async function run(terminal: Terminal, options: RunOptions): Promise<void> {
  if (options.yes === true && options.fix !== true) throw new UserError('--yes is for --fix.')
  // What only this command needs is loaded when it runs: policies, formats, the cache.
  const { readPolicy } = await import('../../audit/read-policy.ts')
  const { applyBaseline, baselineOf, readBaseline } = await import('../../audit/baseline.ts')
  const { formatOfFile, presentAudit } = await import('../../audit/formats/present.ts')
  const { exitCodeOf, summaryOf } = await import('../../audit/report.ts')
  const { writeWholeFile } = await import('../../audit/write-file.ts')
  const { cwd } = terminal
  const outputs = options.output.map((path) => ({ path, format: formatOfFile(path) }))
  const policy = readPolicy(cwd, options.policy)
  if (policy.file === undefined) {
    terminal.err('No --policy: the recommended rules are checked.\n')
  }
  const baseline =
    options.baseline === undefined ? [] : await readBaseline(resolve(cwd, options.baseline))
  const connection = findConnection(terminal)
  const client = createClient({
    baseUrl: connection.url,
    token: connection.token,
    userAgent: 'errand-cli',
  })
  const audit = await withReader(terminal, connection, options, async (reader) =>
    readAll(terminal, reader, { ...options, server: connection.url, policy }),
  )
  const { report } = audit
  applyBaseline(report, baseline)
  if (options.writeBaseline !== undefined) {
    const path = options.writeBaseline === true ? 'audit-baseline.json' : options.writeBaseline
    await writeWholeFile(resolve(cwd, path), baselineOf(report, baseline))
    terminal.err(`Wrote ${path}: ${report.deviations.length} new deviations are accepted.\n`)
    applyBaseline(report, report.deviations)
  }
  if (options.fix === true) {
    const { fixRepositories } = await import('../../audit/fix-repositories.ts')
    await fixRepositories(terminal, client, audit, options.yes === true)
  }
  for (const { path, format } of outputs) {
    await writeWholeFile(resolve(cwd, path), presentAudit(report, format))
  }
  terminal.out(presentAudit(report, options.format ?? 'table', terminal))
  const isSummed = (options.format ?? 'table') === 'table' && terminal.isInteractive
  if (!isSummed) terminal.err(`${summaryOf(report)}\n`)
  const code = exitCodeOf(report)
  if (code !== exitCodes.ok) throw new Exit(code)
}

async function withReader<T>(
  terminal: Terminal,
  { url, token }: Connection,
  options: RunOptions,
  work: (reader: Reader) => Promise<T>,
): Promise<T> {
  const { cachePath, openEtagCache, openNoCache } = await import('../../audit/etag-cache.ts')
  const { createReader } = await import('../../audit/reader.ts')
  const { createReadPace, githubReadsAMinute } = await import('../../audit/read-pace.ts')
  const path = cachePath(terminal.environment, url, token)
  await using cache = options.cache ? await openEtagCache(path) : openNoCache()
  const { hostname } = new URL(url)
  const isGitHub = hostname === 'api.github.com' || hostname.endsWith('.ghe.com')
  const pace = createReadPace({
    ...(isGitHub && { mostAMinute: githubReadsAMinute }),
    onWait: (until) =>
      terminal.err(`The rate limit is reached: waiting until ${new Date(until).toISOString()}.\n`),
  })
  const client = createClient({ baseUrl: url, token, userAgent: 'errand-cli' })
  return await work(createReader({ client, cache, pace, signal: terminal.signal }))
}

async function readAll(
  terminal: Terminal,
  reader: Reader,
  options: Omit<RunOptions, 'policy'> & { server: string; policy: AuditPolicy },
): Promise<Audit> {
  const { findRepositories, readNames } = await import('../../audit/find-repositories.ts')
  const { runAudit } = await import('../../audit/run-audit.ts')
  const listed =
    options.file === undefined ? [] : await readNames(resolve(terminal.cwd, options.file))
  let text = 'looking for repositories'
  using line = openStatusLine(terminal, () => text)
  void line
  const repositories = await findRepositories(reader, {
    repos: [...options.repo, ...listed],
    orgs: options.org,
    archived: options.archived === true,
  })
  let done = 0
  try {
    return await runAudit(reader, {
      server: options.server,
      policy: options.policy,
      repositories,
      now: terminal.now(),
      concurrency: options.concurrency,
      onProgress(count, deviations) {
        done = count
        text = `${count} of ${repositories.length} read, ${reader.counts.notModified} unchanged since the last run, ${deviations} deviations`
      },
    })
  } catch (error) {
    if (terminal.signal.aborted) {
      terminal.err(
        `Stopped: ${done} of ${repositories.length} are read. The same command goes on from there.\n`,
      )
    }
    throw error
  }
}
