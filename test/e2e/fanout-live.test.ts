import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import { expect, it } from 'vitest'
import { baseEnvironment } from '../support/base-environment.ts'
import { eventually } from '../support/eventually.ts'
import { startErrand } from '../support/start-errand.ts'
import { scriptPrompt } from '../support/tasks.ts'
import { createTempFolder } from '../support/temp-folder.ts'

const program = fileURLToPath(new URL('../../packages/cli/bin/errand.js', import.meta.url))
const hideCursor = '\u001b[?25l'
const showCursor = '\u001b[?25h'

it('a campaign on a terminal is a table drawn in place, and Ctrl-C gives the cursor back', async () => {
  await using folder = await createTempFolder('fanout-live')
  await using errand = await startErrand()
  for (const name of ['acme/quick', 'acme/slow']) await errand.addRepository(name)
  const env = {
    ...baseEnvironment,
    HOME: folder.path,
    TERM: 'xterm-256color',
    ERRAND_URL: errand.url,
    ERRAND_TOKEN: errand.token,
  }
  const prompt = scriptPrompt(`{% if repo.name == 'slow' %}sleep 300{% endif %}\necho x > X.txt`)
  /** util-linux's script gives the command a terminal of its own. */
  const onTerminal = (...args: string[]) => {
    const words = [process.execPath, program, 'fanout', ...args]
    const quoted = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')
    const child = spawn('script', ['-qec', `stty rows 20 cols 90; ${quoted}`, '/dev/null'], { env })
    const told = { child, output: '' }
    child.stdout.on('data', (chunk: Buffer) => void (told.output += chunk.toString()))
    return told
  }

  const run = onTerminal(prompt, '--org', 'acme', '-m', 'script', '--name', 'x')
  await eventually(
    () => expect(run.output).toMatch(/acme\/quick {2}[^\n]*completed[^\n]*#1 draft/),
    {
      timeoutMs: 60_000,
    },
  )
  expect(run.output).toContain(hideCursor)
  // Each frame begins at the first line of the one before.
  expect(run.output).toMatch(/\u001b\[\d+F/)
  expect(run.output.lastIndexOf(hideCursor)).toBeGreaterThan(run.output.lastIndexOf(showCursor))
  run.child.stdin.write('\u0003')
  await once(run.child, 'close')
  expect(run.output.lastIndexOf(showCursor)).toBeGreaterThan(run.output.lastIndexOf(hideCursor))
  expect(stripVTControlCharacters(run.output)).toContain('Go on with: errand fanout resume x')

  const watch = onTerminal('status', '--watch')
  await eventually(() => expect(watch.output).toMatch(/acme\/slow {3}[^\n]*in progress/), {
    timeoutMs: 30_000,
  })
  const { tasks } = await errand.client.call('listTasksForRepo', {
    params: { owner: 'acme', repo: 'slow' },
  })
  await errand.client.call('cancelTask', { params: { task_id: tasks[0]?.id ?? '' } })
  const [code] = (await once(watch.child, 'close')) as [number]
  expect([code, stripVTControlCharacters(watch.output).trim().split('\n').at(-1)]).toEqual([
    0,
    '1 completed, 1 cancelled',
  ])
})
