import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { errand as errandCommand } from '../support/errand-process.ts'
import { cloneBranch, listPulls, type Pull } from '../support/pulls.ts'
import { run } from '../support/run.ts'
import { type Errand, startErrand } from '../support/start-errand.ts'
import { ownerToken } from '../support/test-settings.ts'
import { createTempFolder, type TempFolder } from '../support/temp-folder.ts'

const program = new URL('../../packages/cli/bin/errand.js', import.meta.url).pathname

let folder: TempFolder
let errand: Errand

beforeAll(async () => {
  folder = await createTempFolder('recipes')
  errand = await startErrand()
})
afterAll(async () => {
  await errand?.[Symbol.asyncDispose]()
  await folder?.[Symbol.asyncDispose]()
})

async function readPulled(name: string, pull: Pull | undefined, path: string): Promise<string> {
  const target = join(folder.path, crypto.randomUUID())
  await cloneBranch(errand.url, errand.token, name, pull?.head.ref ?? '', target)
  return await readFile(join(target, path), 'utf8')
}

it.each([
  ['codeowners', [], '.github/CODEOWNERS', '* ada@example.com\n'],
  ['ci-bootstrap', [], '.github/workflows/ci.yml', 'run: npm test'],
  ['license-headers', ['license=MIT'], 'src/sum.js', '// SPDX-License-Identifier: MIT\n\nexport'],
  [
    'codemod',
    ['lang=javascript', 'pattern=return $X', 'rewrite=return ($X)'],
    'src/sum.js',
    'return (a + b)',
  ],
  ['dependency-bump', ['name=left', 'version=2.0.0'], 'package.json', '"left": "^2.0.0"'],
] as const)(
  'the recipe %s runs in the box and ends in a pull request',
  async (recipe, set, path, wanted) => {
    const name = `acme/${recipe}`
    const manifest = { name: 'sums', dependencies: { left: '^1.0.0' } }
    await errand.addRepository(name, {
      'package.json': `${JSON.stringify(manifest, undefined, 2)}\n`,
    })
    const options = set.flatMap((pair) => ['--set', pair])

    const args = ['recipe', 'run', recipe, '-R', name, '--wait', ...options]
    const said = await errandCommand(errand.url, args)
    const [pull] = await listPulls(errand.client, name)

    expect(said).toContain(`Pull request: ${pull?.html_url}`)
    expect(await readPulled(name, pull, path)).toContain(wanted)
  },
)

it('is the prompt of a campaign as well, on each repository', async () => {
  const names = ['acme/one', 'acme/two']
  for (const name of names) await errand.addRepository(name)
  const campaign = join(folder.path, 'campaign.yml')
  await writeFile(
    campaign,
    `name: headers
model: script
targets:
  repos: [${names.join(', ')}]
prompt: |
  #!errand-recipe license-headers
  license: MIT
  holder: 2026 {{repo.owner}}
`,
  )

  await run(process.execPath, [program, 'fanout', '--campaign', campaign, '--yes'], {
    env: { ERRAND_URL: errand.url, ERRAND_TOKEN: ownerToken, HOME: folder.path },
  })

  for (const name of names) {
    const [pull] = await listPulls(errand.client, name)
    expect(await readPulled(name, pull, 'src/sum.js')).toMatch(
      /^\/\/ SPDX-FileCopyrightText: 2026 acme\n\/\/ SPDX-License-Identifier: MIT\n/,
    )
  }
})
