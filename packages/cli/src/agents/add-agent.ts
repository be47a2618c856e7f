import { mkdtemp, readFile, rename, rm, mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { shippedAgents } from '@errand/agents'
import { type AgentEntry, AgentFile, Settings, unknownPlaceholder } from '@errand/contract'
import { agentFolder, recordLock } from '@errand/runner'
import type { AddAgentOptions } from '../commands/agent.ts'
import { UserError } from '../errors.ts'
import { printableLine } from '../terminal/printable.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { agentSettings } from './agent-settings.ts'
import { agentFileName } from './known-agents.ts'

const longestEntry = 1024 * 1024
const timeoutMs = 30_000

/** `errand agent add`: keeps an agent's entry in the data folder, and what is to be installed for it. */
export async function addAgent(
  terminal: Terminal,
  file: string,
  options: AddAgentOptions,
): Promise<void> {
  const entry = withSum(parseEntry(file, await readEntryText(terminal, file)), options.sha256)
  const name = options.name ?? entry.id ?? ''
  requireName(name)
  if (entry.distribution?.npx === undefined && entry.distribution?.binary === undefined) {
    throw new UserError(
      `The agent ${name} cannot be installed: Errand installs from npm (npx) and archives (binary).`,
      {
        remedy: 'Install it by hand, and name its command under `agents` in errand.yml.',
      },
    )
  }
  const { data } = agentSettings(terminal, options)
  const folder = agentFolder(data, name)
  await mkdir(folder, { recursive: true })
  const { npx } = entry.distribution
  if (npx !== undefined) {
    terminal.err(`recording what ${printableLine(npx.package)} needs\n`)
    const work = await mkdtemp(join(folder, '.unfinished-'))
    try {
      const variable = (one: string): string | undefined => terminal.environment[one]
      await recordLock({ dataDir: data, variable, signal: terminal.signal }, name, npx, work)
    } finally {
      await rm(work, { recursive: true, force: true })
    }
  }
  // Last, and whole: from here on it is there.
  const written = join(folder, `.${agentFileName}`)
  await writeFile(written, `${JSON.stringify(entry, undefined, 2)}\n`)
  await rename(written, join(folder, agentFileName))
  terminal.out(
    `${name} is added: \`errand agent install ${name}\` installs it, and so does its first task\n`,
  )
}

async function readEntryText(terminal: Terminal, file: string): Promise<string> {
  try {
    if (!/^https?:\/\//.test(file)) return await readFile(resolve(terminal.cwd, file), 'utf8')
    const signal = AbortSignal.any([terminal.signal, AbortSignal.timeout(timeoutMs)])
    const response = await fetch(file, { signal })
    if (!response.ok) throw new Error(`the answer was ${response.status}`)
    const text = await response.text()
    if (text.length > longestEntry) throw new Error('it is too long')
    return text
  } catch (cause) {
    terminal.signal.throwIfAborted()
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new UserError(`${file} could not be read: ${why}.`, { cause })
  }
}

function parseEntry(file: string, text: string): AgentEntry {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new UserError(`${file} is not JSON.`, { cause })
  }
  const parsed = AgentFile.safeParse(json)
  if (!parsed.success) {
    const problems = parsed.error.issues.map(
      ({ path, message }) => `${file}: ${path.join('.') || 'the entry'}: ${message}`,
    )
    throw new UserError(problems.join('\n'), { remedy: 'docs/agents.md says what an entry has.' })
  }
  const unknown = unknownPlaceholder(parsed.data)
  if (unknown === undefined) return parsed.data
  throw new UserError(`${file}: nothing is known of \${${unknown}}.`, {
    remedy: 'docs/agents.md lists the placeholders.',
  })
}

/** The registry has no sums: the operator says what the archive is. */
function withSum(entry: AgentEntry, sha256: string | undefined): AgentEntry {
  if (sha256 === undefined) return entry
  const platform = `linux-${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}`
  const binary = entry.distribution?.binary?.[platform]
  if (binary === undefined) {
    throw new UserError(`--sha256 is of an archive for ${platform}, and the entry has none.`)
  }
  const withOwn = { ...entry.distribution?.binary, [platform]: { ...binary, sha256 } }
  return AgentFile.parse({ ...entry, distribution: { ...entry.distribution, binary: withOwn } })
}

function requireName(name: string): void {
  const isName = Settings.shape.agents.unwrap().keyType.safeParse(name).success
  if (!isName) {
    throw new UserError(`The entry has no id that can be a name here: ${printableLine(name)}.`, {
      remedy: 'Give one with --name, of letters, digits, dots and dashes.',
    })
  }
  if (name in shippedAgents) {
    throw new UserError(`${name} is an agent that Errand comes with the entry of.`, {
      remedy: 'Give another with --name, or change it under `agents` in errand.yml.',
    })
  }
}
