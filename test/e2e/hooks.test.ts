import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Settings } from '@errand/contract'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { parse } from 'yaml'
import { errand, type ServeProcess, serveProcess } from '../support/errand-process.ts'
import { missingPrograms } from '../support/programs.ts'
import { listPulls } from '../support/pulls.ts'
import { createRepository } from '../support/repository.ts'
import { tryRun } from '../support/run.ts'
import { untilState } from '../support/tasks.ts'
import { createTempFolder, type TempFolder } from '../support/temp-folder.ts'
import { ownerToken, settingsFor } from '../support/test-settings.ts'

// What docs/hooks.md shows is done as it stands there, with a server of its own.

const page = readDocument('hooks.md')
const hooks = hooksIn(page)

let folder: TempFolder
let server: ServeProcess

beforeAll(async () => {
  folder = await createTempFolder('hooks')
  const dataDir = join(folder.path, 'data')
  // The page leaves the model to the server; here is none but `script`.
  const integrations = { hooks: [{ ...hooks[0], model: 'script' }] }
  const secretFile = join(folder.path, 'secret')
  await tryRun('sh', ['-c', `echo the-secret > ${secretFile}`])
  server = await serveProcess(dataDir, settingsFor(dataDir, { settings: { integrations } }), {
    TICKETS_SECRET_FILE: secretFile,
    TICKETS_ERRAND_TOKEN: ownerToken,
  })
  await createRepository(join(folder.path, 'shop'))
  await errand(server.url, ['repo', 'import', join(folder.path, 'shop'), 'acme/shop'])
})
afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
  await folder?.[Symbol.asyncDispose]()
})

function readDocument(name: string): string {
  return readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8')
}

function blocksOf(text: string, language: string): string[] {
  return [...text.matchAll(/^ *```(\w+)\n([\s\S]*?)^ *```/gm)]
    .filter((match) => match[1] === language)
    .map((match) => match[2] ?? '')
}

/** Every hook of a page, whether it stands alone or under its settings. */
function hooksIn(text: string): object[] {
  return blocksOf(text, 'yaml').flatMap((block) => {
    const read = parse(block) as object[] | { integrations: { hooks: object[] } }
    return Array.isArray(read) ? read : read.integrations.hooks
  })
}

it('every example of the pages is a right setting', () => {
  const port = blocksOf(readDocument('port.md'), 'yaml').map((block) => parse(block) as object)

  expect(hooks.length).toBeGreaterThan(2)
  expect(Settings.safeParse({ integrations: { hooks } }).error).toBeUndefined()
  expect(port.map((settings) => Settings.safeParse(settings).error)).toEqual([undefined])
})

const missing = missingPrograms('curl', 'openssl')

it.skipIf(missing !== '')(
  `the curl of the page${missing} starts a task that ends in a pull request, once`,
  async () => {
    const [curl = ''] = blocksOf(page, 'sh')
    const body = JSON.stringify({
      component: 'Shop',
      title: 'Say hello',
      description: '```sh\necho hello >> README.md\n```',
    })
    const here = curl
      .replace('https://errand.example.com', server.url)
      .replace(/^body=.*$/m, `body='${body}'`)
    const options = { env: { TICKETS_SECRET: 'the-secret' } }

    const first = await tryRun('bash', ['-ec', here], options)
    const second = await tryRun('bash', ['-ec', here], options)
    const wrong = await tryRun('bash', ['-ec', here], { env: { TICKETS_SECRET: 'guessed' } })

    expect(first).toMatchObject({ code: 0 })
    const started = JSON.parse(first.stdout) as { task_id: string; html_url: string }
    await untilState(server.client, started.task_id, 'completed')
    expect(started.html_url).toContain(`/acme/shop/copilot/tasks/${started.task_id}`)
    expect(JSON.parse(second.stdout)).toMatchObject({ task_id: started.task_id, replayed: true })
    expect(wrong.code).not.toBe(0)
    expect(await listPulls(server.client, 'acme/shop')).toHaveLength(1)
  },
)
