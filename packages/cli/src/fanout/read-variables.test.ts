import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { readVariables } from './read-variables.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'errand-variables-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

it('reads a spreadsheet', async () => {
  const path = file(
    'vars.csv',
    '\uFEFFrepository,team,note\r\nacme/shop,web,"two, three"\r\n\r\nAcme/API,core,\r\n',
  )

  const variables = await readVariables(path)

  expect(variables.of('acme/shop')).toEqual({ team: 'web', note: 'two, three' })
  expect(variables.of('acme/api')).toEqual({ team: 'core', note: '' })
  expect(variables.of('acme/other')).toEqual({})
})

it('reads YAML, with lists and maps', async () => {
  const variables = await readVariables(file('vars.yml', 'acme/shop:\n  owners: [ann, bo]\n'))

  expect(variables.of('ACME/Shop')).toEqual({ owners: ['ann', 'bo'] })
})

it.each([
  ['vars.csv', 'team\nweb\n', 'row 1 has nothing in its column `repository`'],
  ['vars.csv', 'repository,team\nacme/a,x,y\n', 'cannot be read: Invalid Record Length'],
  ['vars.csv', 'repository,team\nacme/a,x\nACME/a,y\n', 'ACME/a is there twice'],
  ['vars.yml', '- acme/a\n', 'it must map owner/name to variables'],
  ['vars.yml', 'acme/a: [', 'cannot be read: '],
])('says what is wrong in a %s', async (name, text, message) => {
  await expect(readVariables(file(name, text))).rejects.toThrow(message)
})
