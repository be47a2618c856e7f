import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mapInParallel } from '@errand/contract'
import { fileURLToPath } from 'node:url'
import { createTempFolder } from '../test/support/temp-folder.ts'
import { type ConfigurationServer, serveConfigurations } from './configuration-server.ts'
import { formatMs, formatRatio, type Section } from './report.ts'
import { timeMs } from './rounds.ts'

const count = 1000
const latencyMs = 40
const program = fileURLToPath(new URL('../packages/cli/bin/errand.js', import.meta.url))

/** An audit of many repositories, and once more, over a loop that only reads. */
export async function measureAudit(): Promise<Section> {
  await using folder = await createTempFolder('bench')
  await using server = await serveConfigurations(count, latencyMs)
  const loop = await measured(server, () => readAll(server.url))
  const first = await measured(server, () => audit(server.url, folder.path))
  const second = await measured(server, () => audit(server.url, folder.path))
  if (second.counted !== 0) throw new Error(`the second audit cost ${second.counted} requests`)
  return {
    name: 'audit',
    title: `An audit of ${count.toLocaleString('en')} repositories`,
    text: `\`errand audit --org acme\` over ${count} repositories with two MCP servers and two hosts each, of which 100 deviate, from the start of the command to its report, twice: the second run asks by the ETags that the first has kept. Against a loop of \`fetch\` that reads the same list and the same configurations, eight at a time as the command, and looks at nothing. The server answers as GitHub's endpoint does, each answer after ${latencyMs} ms; github.com would take 840 a minute at most. Counted are requests that cost something of GitHub's primary limit. One round each.`,
    header: ['what', 'wall time', 'against the loop', 'counted requests', 'answered by 304'],
    rows: [
      row('the loop', loop, loop.ms),
      row('`errand audit`', first, loop.ms),
      row('`errand audit` again', second, loop.ms),
    ],
  }
}

interface Measured {
  ms: number
  counted: number
  notModified: number
}

function row(what: string, { ms, counted, notModified }: Measured, loopMs: number): string[] {
  return [what, formatMs(ms), formatRatio(ms / loopMs), String(counted), String(notModified)]
}

async function measured(
  server: ConfigurationServer,
  work: () => Promise<unknown>,
): Promise<Measured> {
  const { counted, notModified } = server
  const ms = await timeMs(work)
  return {
    ms,
    counted: server.counted - counted,
    notModified: server.notModified - notModified,
  }
}

async function readAll(url: string): Promise<void> {
  const names: string[] = []
  for (let page = 1; names.length < count; page += 1) {
    const response = await fetch(`${url}/orgs/acme/repos?per_page=100&page=${page}`)
    const list = (await response.json()) as { full_name: string }[]
    names.push(...list.map(({ full_name: name }) => name))
  }
  await mapInParallel(names, 8, async (name) =>
    (await fetch(`${url}/repos/${name}/copilot/cloud-agent/configuration`)).json(),
  )
}

/** 100 deviations: the command ends with 1. */
async function audit(url: string, home: string): Promise<void> {
  const env = { HOME: home, ERRAND_URL: url, ERRAND_TOKEN: 'bench', PATH: process.env.PATH }
  const child = spawn(process.execPath, [program, 'audit', '--org', 'acme'], {
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let lines = 0
  child.stdout.setEncoding('utf8')
  child.stdout.on('data', (text: string) => (lines += text.split('\n').length - 1))
  const [code] = (await once(child, 'close')) as [number]
  if (code !== 1 || lines !== count / 10) {
    throw new Error(`errand audit ended with ${code}, and reported ${lines} lines`)
  }
}
