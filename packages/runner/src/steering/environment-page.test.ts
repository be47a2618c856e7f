import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

import { expect, it } from 'vitest'

import { firewallEnvironment } from '../firewall/environment.ts'

const root = resolve(import.meta.dirname, '../../../..')
const page = readFileSync(join(root, 'docs/environment-variables.md'), 'utf8')

/** Every name of ours, or of GitHub's, that a program in a box is given or looks for. */
function namesInCode(): string[] {
  const files = ['runner', 'agents', 'recipes'].flatMap((name) => {
    const folder = join(root, 'packages', name, 'src')
    return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) =>
      join(folder, file),
    )
  })
  const code = files.filter((file) => /(?<!\.test)\.ts$/.test(file) && !/\/testing\//.test(file))
  const names = code.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/\b(ERRAND|COPILOT)_[A-Z][A-Z_]*[A-Z]\b(?!\))/g)].map(
      ([name]) => name,
    ),
  )
  return [...new Set(names)]
}

it.each([
  ...namesInCode(),
  ...Object.keys(firewallEnvironment({} as never, '/certificates')).filter((name) =>
    /^[A-Z]/.test(name),
  ),
])('the variable %s is in the table', (name) => {
  expect(page).toContain(`\`${name}\``)
})
