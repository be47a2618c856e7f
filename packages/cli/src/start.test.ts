import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const program = fileURLToPath(new URL('run.ts', import.meta.url))

/** Tells each module that is loaded, in a line of its own. */
const telling = `import { registerHooks } from 'node:module'
registerHooks({ load(url, context, next) { process.stderr.write(url + '\\n'); return next(url, context) } })`

it('a command for a server starts without what only a server needs', async () => {
  const { stderr } = await promisify(execFile)(process.execPath, [
    `--import=data:text/javascript,${encodeURIComponent(telling)}`,
    '--conditions=errand-source',
    program,
    'list',
    '--help',
  ])

  const loaded = stderr.split('\n')
  expect(loaded.some((url) => url.endsWith('/cli/src/main.ts'))).toBe(true)
  const heavy =
    /\/(packages\/(core|runner|server|forge|agents)|node_modules\/(kysely|undici|fastify))\//
  expect(loaded.filter((url) => heavy.test(url))).toEqual([])
})
