import { readFileSync } from 'node:fs'
import { Settings } from '@errand/contract'
import { createLog, startServer } from 'errand'

// A program, with --expose-gc: `errand serve` that tells its parent where it is, and when asked what is
// left on the heap after a collection, in bytes. Argument: a file with the settings as JSON.

const collect = globalThis.gc
if (collect === undefined) throw new Error('start it with --expose-gc')

const settings = Settings.parse(JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')))
const log = createLog('error', {
  write: (line) => void process.stderr.write(line),
  isInteractive: false,
  paint: (_, text) => text,
})
const server = await startServer(settings, {}, log)
const user = await server.forge?.createUser({ login: 'reader' })
if (user === undefined) throw new Error('a forge elsewhere is not measured')
const permissions = { agent_tasks: 'write', contents: 'read' } as const
const tokens = [
  await server.forge?.createToken({ user, kind: 'classic', scopes: ['repo'] }),
  await server.forge?.createToken({ user, kind: 'fine_grained', permissions }),
  await server.forge?.createToken({ user, kind: 'installation', permissions }),
]
process.on('message', () => {
  collect()
  process.send?.(process.memoryUsage().heapUsed)
})
process.once('SIGTERM', () => void server.close().then(() => process.disconnect()))
process.send?.({ url: server.url, tokens })
