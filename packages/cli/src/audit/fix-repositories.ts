import { AnswerError, type Client, speaksErrand } from '@errand/contract'
import { type Fix, fixConfiguration, readConfiguration, shownEntry } from '@errand/policy'
import { explainError } from '../errors.ts'
import { printable, printableLine } from '../terminal/printable.ts'
import type { Terminal } from '../terminal/terminal.ts'
import type { AuditReport } from './report.ts'
import { editConfigurationFile, shownConfigurationFile } from './edit-configuration-file.ts'
import { lineDiff } from './line-diff.ts'
import { type ConfigurationFile, proposeFix, readConfigurationFile } from './propose-fix.ts'
import { addEvaluation, type Audit, configurationPath, type ReadRepository } from './run-audit.ts'

interface Planned {
  repository: string
  before: ReadRepository
  fix: Fix
  /** Where the configuration lives in a file: that, and the text that keeps the rules. */
  file?: ConfigurationFile & { fixed: string }
}

/**
 * Writes what keeps the rules where a server can be written to, or proposes it where the configuration lives
 * in a file, after it was shown and agreed to, and
 * puts what is left into the report. What was changed by somebody else meanwhile is not touched.
 */
export async function fixRepositories(
  terminal: Terminal,
  client: Client,
  { report, read }: Audit,
  isAgreed: boolean,
): Promise<void> {
  const wanted = planFixes(report, read)
  if (wanted.length === 0) {
    terminal.err('There is nothing that --fix could change.\n')
    return
  }
  if (!(await speaksErrand(client, terminal.signal))) {
    for (const item of wanted) terminal.err(describe(item))
    terminal.err(
      'This server has no API to write it: change it in the settings of each repository, under Copilot, Cloud agent.\n',
    )
    return
  }
  const planned: Planned[] = []
  for (const item of wanted) {
    const found = await withFile(terminal, client, item)
    if (found === undefined) continue
    planned.push(found)
    terminal.err(describe(found))
  }
  if (planned.length === 0) return
  if (!isAgreed && !(await agrees(terminal, planned.length))) {
    terminal.err('Nothing was changed.\n')
    return
  }
  for (const item of planned) {
    if (item.file === undefined) await write(terminal, client, report, item)
    else await propose(terminal, client, item, item.file)
  }
}

/** With the file, where the server says that there is one; undefined where it cannot be mended there. */
async function withFile(
  { err, signal }: Terminal,
  client: Client,
  item: Planned,
): Promise<Planned | undefined> {
  const { repository, fix } = item
  try {
    const [owner = '', repo = ''] = repository.split('/')
    const params = { owner, repo }
    const { file: said } = await client.call('getEffectiveConfiguration', { params, signal })
    if (said === undefined) return item
    const file = await readConfigurationFile({ client, signal }, repository, said.path)
    const fixed = editConfigurationFile(file.text, fix.changes)
    if (fixed !== file.text) return { ...item, file: { ...file, fixed } }
    err(
      `${printableLine(repository)}: what deviates does not come from ${printableLine(said.path)}.\n`,
    )
  } catch (error) {
    signal.throwIfAborted()
    err(
      `${printableLine(repository)}: not changed: ${printableLine(explainError(error).message)}\n`,
    )
  }
  return undefined
}

/** Opens a pull request with it. Until that is merged the repository deviates, and the report says so. */
async function propose(
  { err, signal }: Terminal,
  client: Client,
  { repository, fix }: Planned,
  file: ConfigurationFile & { fixed: string },
): Promise<void> {
  try {
    const { html_url: url, isNew } = await proposeFix({ client, signal }, file, {
      text: file.fixed,
      title: 'Keep the policy for coding agents',
      body: `\`errand audit --fix\` proposes this change of \`${file.path}\`, so that these rules are kept: ${fix.rules.join(', ')}.\n\nIt allows no agent more than before.`,
    })
    const done = isNew ? 'opened' : 'is there already, and up to date'
    err(`${printableLine(repository)}: ${done}: ${printableLine(url)}\n`)
  } catch (error) {
    signal.throwIfAborted()
    err(
      `${printableLine(repository)}: not changed: ${printableLine(explainError(error).message)}\n`,
    )
  }
}

/** Of what deviates. A rule under which the baseline accepts something there would take that away too. */
function planFixes(report: AuditReport, read: Audit['read']): Planned[] {
  return report.repositories.flatMap((repository) => {
    const before = read.get(repository)
    const rulesIn = (deviations: AuditReport['deviations']): string[] =>
      deviations.filter((item) => item.repository === repository).map(({ rule }) => rule)
    const accepted = rulesIn(report.accepted)
    const ids = rulesIn(report.deviations).filter((rule) => !accepted.includes(rule))
    const fix = before && fixConfiguration(report.policy.compiled, before.configuration, ids)
    return before === undefined || fix === undefined ? [] : [{ repository, before, fix }]
  })
}

function describe({ repository, before, fix, file }: Planned): string {
  if (file !== undefined) {
    const [old, now] = [file.text, file.fixed].map(shownConfigurationFile)
    const diff = lineDiff(old ?? '', now ?? '').map((line) => `    ${printable(line)}\n`)
    const heading = `${printableLine(repository)} (${fix.rules.join(', ')}), by a pull request\n`
    return `${heading}  ${printableLine(file.path)}\n${diff.join('')}`
  }
  const lines = Object.entries(fix.changes).map(([field, value]) => {
    // The changes are fields of the configuration.
    const old = before.configuration[field as keyof ReadRepository['configuration']]
    return `  ${field}\n    - ${shown(old)}\n    + ${shown(value)}\n`
  })
  return `${printableLine(repository)} (${fix.rules.join(', ')})\n${lines.join('')}`
}

/**
 * Of an MCP configuration only its servers' names, and no password of an entry's URL: there may be what
 * should not stand there.
 */
function shown(value: unknown): string {
  const isMcp = typeof value === 'object' && value !== null && 'mcpServers' in value
  const text = isMcp
    ? `servers ${Object.keys(Object(value.mcpServers)).join(', ') || 'none'}`
    : JSON.stringify(Array.isArray(value) ? value.map((entry) => shownEntry(String(entry))) : value)
  return printableLine(text)
}

async function agrees(terminal: Terminal, count: number): Promise<boolean> {
  if (!terminal.canAsk) return false
  const answer = await terminal.ask(`Write this to ${count}? [y/N] `, { signal: terminal.signal })
  return /^y(es)?$/i.test(answer.trim())
}

async function write(
  { err, signal }: Terminal,
  client: Client,
  report: AuditReport,
  { repository, before, fix }: Planned,
): Promise<void> {
  try {
    const response = await client.request('PATCH', configurationPath(repository), {
      body: fix.changes,
      headers: { 'if-match': before.etag },
      signal,
    })
    const after = readConfiguration(await response.json())
    if ('reason' in after) throw new Error(after.reason)
    const isOther = (item: { repository?: string }): boolean => item.repository !== repository
    const accepted = new Set(report.accepted.map(({ fingerprint }) => fingerprint))
    report.deviations = report.deviations.filter(isOther)
    report.excepted = report.excepted.filter(isOther)
    report.unchecked = report.unchecked.filter(isOther)
    addEvaluation(report, repository, after)
    report.deviations = report.deviations.filter(({ fingerprint }) => !accepted.has(fingerprint))
    err(`${printableLine(repository)}: changed.\n`)
  } catch (error) {
    signal.throwIfAborted()
    const why =
      error instanceof AnswerError && error.status === 412
        ? 'it was changed by somebody else meanwhile; run the command again'
        : explainError(error).message
    // It stays in the report as it was found.
    err(`${printableLine(repository)}: not changed: ${printableLine(why)}\n`)
  }
}
