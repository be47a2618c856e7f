import { readFileSync } from 'node:fs'
import { Settings } from '@errand/contract'
import { createLog, startServer } from 'errand'
import type { Told } from './measured-server.ts'
import { stayHere } from './stay-here.ts'

// A program, with --expose-gc: `errand serve` that tells its parent where it is and what routes it has, and when
// asked, what memory it takes after a collection. Argument: a file with the settings as JSON.

const collect = globalThis.gc
if (collect === undefined) throw new Error('start it with --expose-gc')

stayHere()
const settings = Settings.parse(JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')))
const log = createLog('error', {
  write: (line) => void process.stderr.write(line),
  isInteractive: false,
  paint: (_, text) => text,
})
const routes: string[] = []
const server = await startServer(settings, process.env, log, {
  onRoute: ({ method, url }) => void routes.push(`${method} ${url}`),
})
process.on('message', () => {
  collect()
  const { heapUsed, rss } = process.memoryUsage()
  process.send?.({ heap: heapUsed, rss })
})
process.once('SIGTERM', () => void server.close().then(() => process.disconnect()))
process.send?.({ url: server.url, tokens: await readersOf(server.forge), routes } satisfies Told)

/** Tokens of somebody who is no more than a reader. A forge elsewhere has its own. */
async function readersOf(forge: typeof server.forge): Promise<string[]> {
  if (forge === undefined) return []
  const user = await forge.createUser({ login: 'reader' })
  const permissions = { agent_tasks: 'write', contents: 'read' } as const
  return [
    await forge.createToken({ user, kind: 'classic', scopes: ['repo'] }),
    await forge.createToken({ user, kind: 'fine_grained', permissions }),
    await forge.createToken({ user, kind: 'installation', permissions }),
  ]
}
