import { probeHost } from '@errand/runner'
import { Exit, exitCodes } from '../errors.ts'
import { loadSettings } from '../settings.ts'
import { printableLine } from '../terminal/printable.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { examineAgents } from './examine-agents.ts'
import { examineUpstreams } from './examine-upstreams.ts'
import { examineWebhooks } from './examine-webhooks.ts'

/**
 * `errand doctor`: exit code 0 only if agents may run here at the configured level, webhooks can be listened to
 * and the keys of upstreams are there.
 */
export async function examine(terminal: Terminal, config?: string): Promise<void> {
  const { paint, environment, cwd } = terminal
  const { settings } = loadSettings({}, environment, {
    cwd,
    ...(config !== undefined && { config }),
  })
  const report = await probeHost(settings.sandbox, settings.data)
  const webhooks = examineWebhooks(settings, environment)
  const agents = await examineAgents(settings)
  const upstreams = await examineUpstreams(settings, environment)
  const found = [agents, ...(webhooks === undefined ? [] : [webhooks]), ...upstreams]
  const checks = [...report.checks, ...found]
  const width = Math.max(...checks.map(({ name }) => name.length))
  for (const { name, ok, detail, remedy } of checks) {
    const mark = ok ? paint('green', '✓') : paint('red', '✗')
    terminal.out(`${mark} ${name.padEnd(width)}  ${printableLine(detail)}\n`)
    if (!ok && remedy) terminal.out(`  ${' '.repeat(width)}  ${printableLine(remedy)}\n`)
  }
  const isEnough = report.level === 'full' || report.level === settings.sandbox.level
  const level = paint(isEnough ? 'green' : 'red', report.level)
  terminal.out(`\nIsolation level: ${level} (sandbox.level asks for ${settings.sandbox.level})\n`)
  if (!isEnough || !found.every(({ ok }) => ok)) throw new Exit(exitCodes.failed)
}
