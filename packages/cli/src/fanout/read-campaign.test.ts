import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { campaignJsonSchema } from './campaign-schema.ts'
import { readCampaign } from './read-campaign.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'errand-campaign-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function file(text: string): string {
  const path = join(folder, 'campaign.yml')
  writeFileSync(path, text)
  return path
}

describe('a campaign', () => {
  it('is read from a file, with what the command line says before it', async () => {
    const path = file(
      'name: dates\nprompt: Replace moment\ntargets:\n  orgs: [acme]\nconcurrency: 5\nstop_after_failures: 10%\n',
    )

    expect(await readCampaign(path, { concurrency: 2, name: 'mine' })).toMatchObject({
      name: 'mine',
      prompt: 'Replace moment',
      targets: { orgs: ['acme'], repos: [], archived: false },
      concurrency: 2,
      create_pull_request: true,
      stop_after_failures: '10%',
    })
  })

  it.each([
    ['name: A B\nprompt: p\ntargets: {}\n', 'name: must be lower case letters'],
    ['name: a\ntargets: {}\n', 'prompt: '],
    ['name: a\nprompt: p\ntargets:\n  repos: [acme]\n', 'targets.repos[0]: must be owner/name'],
    ['name: a\nprompt: p\ntargets: {}\nconcurency: 2\n', 'concurency is not a key of a campaign'],
    ['name: a\nprompt: p\ntargets:\n  org: x\n', 'targets.org is not a key of a campaign'],
    ['name: [', 'campaign.yml: '],
    ['- a\n', 'is no campaign: it must hold name, prompt and targets'],
  ])('that says %j is refused, naming the key', async (text, message) => {
    await expect(readCampaign(file(text), {})).rejects.toThrow(message)
  })

  it('has a published schema, which is what the command checks', () => {
    const path = fileURLToPath(new URL('../../../../docs/campaign.schema.json', import.meta.url))

    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(campaignJsonSchema())
  })
})
