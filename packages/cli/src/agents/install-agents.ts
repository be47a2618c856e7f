import { shippedAgents } from '@errand/agents'
import type { AgentEntry, Settings } from '@errand/contract'
import { findInstalled, installAgent, installedVersion } from '@errand/runner'
import type { AgentPlace } from '../commands/agent.ts'
import { UserError } from '../errors.ts'
import { didYouMean } from '../settings/closest-word.ts'
import { formatDuration } from '../terminal/duration.ts'
import { openStatusLine } from '../terminal/status-line.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { agentSettings } from './agent-settings.ts'
import { megabytes } from './list-agents.ts'

export async function installAgents(
  terminal: Terminal,
  names: readonly string[],
  place: AgentPlace,
): Promise<void> {
  const settings = agentSettings(terminal, place)
  const wanted = names.map((name) => [name, requireEntry(settings, name)] as const)
  for (const [name, entry] of wanted) await installOne(terminal, settings, name, entry)
}

function requireEntry({ agents }: Settings, name: string): AgentEntry {
  const entry = agents[name]
  if (entry?.distribution !== undefined) return entry
  const known = Object.entries(agents).flatMap(([one, { distribution }]) =>
    distribution ? [one] : [],
  )
  throw new UserError(`There is no agent ${name} to be installed${didYouMean(name, known)}.`, {
    remedy: `There are ${known.join(', ')}; \`errand agent add\` adds others.`,
  })
}

async function installOne(
  terminal: Terminal,
  { data }: Settings,
  name: string,
  entry: AgentEntry,
): Promise<void> {
  const title = `${name} ${installedVersion(entry) ?? ''}`.trim()
  if (await findInstalled(data, name, entry)) {
    terminal.out(`${title} is installed\n`)
    return
  }
  const begun = terminal.now().getTime()
  const passed = (): string => formatDuration(terminal.now().getTime() - begun)
  let bytes = 0
  const progress = (): string => `installing ${title}  ${megabytes(bytes)} MB  ${passed()}`
  if (!terminal.isInteractive) terminal.err(`installing ${title}\n`)
  using status = openStatusLine(terminal, progress)
  const lockFolder = shippedAgents[name]
  const installed = await installAgent(
    {
      dataDir: data,
      variable: (variable) => terminal.environment[variable],
      signal: terminal.signal,
      onProgress: (now) => (bytes = now),
      ...(lockFolder !== undefined && { lockFolder }),
    },
    name,
    entry,
  )
  const size = megabytes(installed.sizeBytes)
  status.above(`${title} is installed: ${size} MB in ${passed()}\n`)
}
