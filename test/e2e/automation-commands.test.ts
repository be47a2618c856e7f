import { readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Automation } from '@errand/contract'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { errand as run, tryErrand } from '../support/errand-process.ts'
import { git } from '../support/git.ts'
import { cloneBranch } from '../support/pulls.ts'
import { type Errand, startErrand } from '../support/start-errand.ts'
import { untilState } from '../support/tasks.ts'
import { createTempFolder, type TempFolder } from '../support/temp-folder.ts'

// The commands, and the files, as docs/automations.md shows them.

let folder: TempFolder
let errand: Errand
let name: string

beforeAll(async () => {
  folder = await createTempFolder('automation-commands')
  errand = await startErrand()
})
afterAll(async () => {
  await errand?.[Symbol.asyncDispose]()
  await folder?.[Symbol.asyncDispose]()
})
beforeEach(async () => {
  name = `acme/r${crypto.randomUUID().slice(0, 8)}`
  await errand.addRepository(name)
})

const automation = (...args: string[]): Promise<string> =>
  run(errand.url, ['automation', ...args, '-R', name])
const fails = async (...args: string[]): Promise<string> => {
  const { code, stderr } = await tryErrand(errand.url, ['automation', ...args, '-R', name])
  expect(code).toBe(1)
  return stderr
}
const view = async (which: string): Promise<Automation> =>
  JSON.parse(await automation('view', which, '--json')) as Automation

async function commit(files: Record<string, string | undefined>): Promise<void> {
  const checkout = join(folder.path, crypto.randomUUID())
  await cloneBranch(errand.url, errand.token, name, 'main', checkout)
  for (const [path, text] of Object.entries(files)) {
    if (text === undefined) await git(checkout, ['rm', '--quiet', path])
    else {
      await mkdir(dirname(join(checkout, path)), { recursive: true })
      await writeFile(join(checkout, path), text)
    }
  }
  await git(checkout, ['add', '--all'])
  await git(checkout, ['commit', '--quiet', '-m', 'Say when'])
  await git(checkout, ['push', '--quiet', 'origin', 'main'])
}

/** The files of the page, by the path in their first line. */
function filesOfPage(): Record<string, string> {
  const page = readFileSync(new URL('../../docs/automations.md', import.meta.url), 'utf8')
  const blocks = page.matchAll(/```yaml\n# (\S+)\n([\s\S]*?)```/g)
  return Object.fromEntries([...blocks].map(([, path, text]) => [path ?? '', text ?? '']))
}

describe('by hand', () => {
  it('is created, looked at, changed, paused, resumed and deleted', async () => {
    const id = (
      await automation(
        'create',
        'Tidy up',
        '--name',
        'tidy',
        '-m',
        'script',
        '--every',
        'daily',
        '--hour',
        '4',
      )
    ).trim()

    const listed = await automation('list')
    expect(listed).toMatch(new RegExp(`^tidy\t${id}\t${name}\tdaily at 04:00 UTC\truns next `))
    expect(await automation('view', id.slice(0, 8))).toContain('  Tidy up')
    const changed = await automation(
      'edit',
      'tidy',
      '--cron',
      '30 8 * * MON',
      '--time-zone',
      'Europe/Berlin',
      '--no-pr',
    )
    expect(changed).toMatch(/^tidy: runs next \d{4}-\d\d-\d\d 08:30 Europe\/Berlin\n$/)
    expect(await view('tidy')).toMatchObject({ prompt: 'Tidy up', tools: [] })
    expect(await automation('pause', 'tidy')).toBe('tidy: paused\n')
    expect(await automation('resume', 'tidy')).toContain('runs next')
    expect(await fails('delete', 'tidy')).toContain('Add --yes.')
    expect(await automation('delete', 'tidy', '--yes')).toBe('tidy: deleted\n')
    expect(await automation('list')).toBe('')
  })

  it('is run at once, and waited for', async () => {
    const args = ['-m', 'script', '--name', 'note', '--no-pr', '--paused']
    await automation('create', '#!/bin/sh\necho hello > note.txt\n', ...args)

    const said = await automation('run', 'note', '--wait')

    expect(said).toContain('note: it runs.')
    const [line = ''] = (await automation('history', 'note')).split('\n')
    const [, event, , taskId = ''] = line.split('\t')
    expect(event).toBe('manual')
    await untilState(errand.client, taskId, 'completed')
  })

  it('is told in a sentence where there is none, or several', async () => {
    await automation('create', 'p', '--name', 'one a', '--paused')
    await automation('create', 'p', '--name', 'one b', '--paused')

    expect(await fails('view', 'two')).toContain(`${name} has no automation "two".`)
    expect(await fails('view', 'one')).toContain('has 2 automations that could be meant')
    expect(await fails('edit', 'one a')).toContain('Say what is to be changed.')
    expect(await fails('create', 'p', '--cron', '0 9 * * 8')).toContain('triggers.cron.expression')
  })
})

describe('files', () => {
  it('of the page become automations, and follow their files; those made by hand stay', async () => {
    const files = filesOfPage()
    expect(Object.keys(files)).toHaveLength(3)
    await commit(files)
    await automation('create', 'p', '--name', 'by hand', '--paused')

    const planned = await automation('sync', '--dry-run')
    expect(planned).toBe('create  Dependencies\ncreate  Fix\ncreate  Weekly release\n')
    expect((await automation('list')).split('\n')).toHaveLength(2)
    expect(await automation('sync')).toBe(planned)
    expect(await automation('sync')).toBe(
      'keep    Dependencies\nkeep    Fix\nkeep    Weekly release\n',
    )
    expect(await view('Weekly release')).toMatchObject({
      owner_type: 'repository',
      source_path: '.github/errand/automations/release.yml',
      prompt: '#!errand-recipe release\n{}\n',
      triggers: { cron: { expression: '0 9 * * 1', time_zone: 'Europe/Berlin' } },
    })

    const [release = '', , deps = ''] = Object.keys(files).toSorted((a, b) => b.localeCompare(a))
    await commit({
      [deps]: undefined,
      [release]: `${files[release]}enabled: false\noptions: { bump: minor }\n`,
    })
    expect(await automation('sync')).toBe(
      'keep    Fix\nupdate  Weekly release (prompt, enabled)\ndelete  Dependencies\n',
    )
    expect(await view('Weekly release')).toMatchObject({
      enabled: false,
      prompt: '#!errand-recipe release\n{"bump":"minor"}\n',
    })
    expect(await automation('list')).toContain('by hand')
  })

  it('that are wrong are told by their keys, and nothing is changed', async () => {
    const path = (file: string): string => `.github/errand/automations/${file}.yml`
    await commit({
      [path('a')]: 'name: Right\nprompt: p\n',
      [path('b')]: 'name: Right\nprompt: p\n',
      [path('c')]: 'name: Wrong\nprompt: p\ncorn: daily\n',
      [path('d')]: 'name: [unclosed',
    })

    const said = await fails('sync')

    expect(said).toContain(`${path('b')}: ${path('a')} has the same name`)
    expect(said).toContain(`${path('c')}: corn is not a key of an automation`)
    expect(said).toContain(`${path('d')}: `)
    expect(await automation('list')).toBe('')
  })

  it('leave alone what the server paused, until they change', async () => {
    const file = '.github/errand/automations/x.yml'
    await commit({ [file]: 'name: X\nprompt: p\nmodel: script\n' })
    await automation('sync')
    await errand.store.db
      .updateTable('automations')
      .set({ enabled: false, disabled_reason: 'consecutive_failures', disabled_at: new Date() })
      .where('repository_full_name', '=', name)
      .execute()

    expect(await automation('sync')).toContain('keep    X (the server paused it')
    await commit({ [file]: 'name: X\nprompt: better\nmodel: script\n' })
    expect(await automation('sync')).toBe('update  X (prompt, enabled)\n')
    expect(await view('X')).toMatchObject({ enabled: true })
  })
})
