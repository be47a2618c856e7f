import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { UserError } from '../errors.ts'
import { readSecret } from './read-secret.ts'

const folder = mkdtempSync(join(tmpdir(), 'errand-secret-'))
const file = join(folder, 'secret')
writeFileSync(file, 'from the file\n')
afterAll(() => rmSync(folder, { recursive: true }))

it.each([
  ['the variable', { KEY: 'from the variable' }, 'from the variable'],
  ['the variable before the file', { KEY: 'first', KEY_FILE: file }, 'first'],
  ['the file, without its last end of line', { KEY: '', KEY_FILE: file }, 'from the file'],
  ['nothing', {}, undefined],
])('reads a secret from %s', (_, environment, value) => {
  expect(readSecret(environment, 'KEY')).toBe(value)
})

it('names the variable of a file that cannot be read', () => {
  expect(() => readSecret({ KEY_FILE: join(folder, 'none') }, 'KEY')).toThrow(UserError)
  expect(() => readSecret({ KEY_FILE: join(folder, 'none') }, 'KEY')).toThrow(/KEY_FILE/)
})
