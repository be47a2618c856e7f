import { expect, it } from 'vitest'

import { shellOf } from './shells.ts'

it.each([
  [undefined, ['bash', '-e', '/f.sh']],
  ['bash', ['bash', '--noprofile', '--norc', '-eo', 'pipefail', '/f.sh']],
  ['sh', ['sh', '-e', '/f.sh']],
  ['python', ['python', '/f.py']],
  ['pwsh', ['pwsh', '-command', ". '/f.ps1'"]],
  ['perl -w {0} --all', ['perl', '-w', '/f.sh', '--all']],
  ['cmd', undefined],
  ['constructor', undefined],
])('the shell %j is run as %j', (name, command) => {
  expect(shellOf(name, '/f')?.command).toEqual(command)
})
