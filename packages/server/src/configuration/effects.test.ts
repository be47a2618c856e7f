import { Settings } from '@errand/contract'
import { expect, it } from 'vitest'

import { effectsOf } from './effects.ts'

it.each([
  [
    {},
    'Work is checked before it is pushed, and a secret in it stops the push. Not available on this server, whatever is set: dependency_vulnerability_checks, codeql, copilot_code_review.',
  ],
  [
    { osv: { path: '/osv' }, code_scanning: { command: ['scan'] }, review: {} },
    'Work is checked before it is pushed, and a secret in it stops the push.',
  ],
])('says which tools the server has what they need for: %j', (validation, effect) => {
  const settings = Settings.parse({ validation })
  expect(effectsOf({ settings }).enabled_tools).toBe(effect)
})

it('takes either a url or a path of an OSV database', () => {
  for (const osv of [{}, { url: 'https://osv.test', path: '/osv' }]) {
    expect(() => Settings.parse({ validation: { osv } })).toThrow('must be either a url or a path')
  }
})
