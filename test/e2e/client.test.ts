import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { listPulls } from '../support/pulls.ts'
import { run } from '../support/run.ts'
import { finish, type ScriptedModel, startScriptedModel } from '../support/scripted-model.ts'
import { type Errand, startErrand } from '../support/start-errand.ts'

const page = readFileSync(new URL('../../docs/client.md', import.meta.url), 'utf8')
const examples = [...page.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code]) => code ?? '')

let errand: Errand
let model: ScriptedModel

beforeAll(async () => {
  model = await startScriptedModel([
    { call: [['write_file', { path: 'HELLO.md', content: 'Hello\n' }]] },
    finish('Say hello'),
  ])
  errand = await startErrand({ model })
  for (const name of ['acme/shop', 'acme/billing']) await errand.addRepository(name)
})
afterAll(async () => {
  await errand?.[Symbol.asyncDispose]()
  await model?.[Symbol.asyncDispose]()
})

/** Runs a script as a user does who has put it into a file of a project with the package. */
async function runExample(code: string): Promise<string[]> {
  const args = ['--conditions=errand-source', '--input-type=module-typescript', '--eval', code]
  const env = { ERRAND_URL: errand.url, ERRAND_TOKEN: errand.token }
  const out = await run(process.execPath, args, { cwd: resolve(import.meta.dirname, '..'), env })
  return out.trimEnd().split('\n')
}

function exampleWith(word: string): string {
  const code = examples.find((text) => text.includes(`${word}(`))
  if (code === undefined) throw new Error(`docs/client.md has no example with ${word}`)
  return code
}

it('the page’s first script prints the end and the pull request, the same when run again', async () => {
  const first = await runExample(exampleWith('waitForTask'))
  const again = await runExample(exampleWith('waitForTask'))

  expect(first).toEqual([expect.stringMatching(/^completed http:.+\/acme\/shop\/pull\/1$/)])
  expect(again).toEqual(first)
})

it('the script that lists shows what the first one made', async () => {
  await runExample(exampleWith('waitForTask'))

  expect(await runExample(exampleWith('client.pages'))).toContain(
    'completed Fix the flaky login test',
  )
})

it('the script that streams shows events from the first to the last', async () => {
  const lines = await runExample(exampleWith('streamEvents'))

  expect(lines[0]).toMatch(/^session\.created /)
  expect(lines.at(-1)).toMatch(/^session\.state_changed .*"to":"completed"/)
})

it('the script that sends to many makes one task each, and none more when run again', async () => {
  const first = await runExample(exampleWith('fanOut'))
  const again = await runExample(exampleWith('fanOut'))

  expect(first.map((line) => line.split(' ')[0])).toEqual(['acme/shop', 'acme/billing'])
  expect(first.every((line) => / http:.+\/tasks\//.test(line))).toBe(true)
  expect(again).toEqual(first)
})

it('every script of the page is run here', async () => {
  const words = ['waitForTask', 'client.pages', 'streamEvents', 'fanOut']

  expect(examples.toSorted()).toEqual(words.map(exampleWith).toSorted())
  expect((await listPulls(errand.client, 'acme/shop')).length).toBeGreaterThan(0)
})
