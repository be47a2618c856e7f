import { Settings } from '@errand/contract'
import { expect, it } from 'vitest'
import { effectsOf } from './effects.ts'

const github = Settings.parse({ forge: 'https://api.github.com' })
const installationToken = () => Promise.resolve('ghs_x')

it.each([
  ['no workflows', { settings: Settings.parse({}) }],
  ["Not kept: its pushes and pull requests are the user's own", { settings: github }],
  [
    "Not kept: its pushes and pull requests are those of Errand's App",
    { settings: github, installationToken },
  ],
])('says of the approval of workflows: %s', (said, context) => {
  expect(effectsOf(context).require_actions_workflow_approval).toContain(said)
})

it('says of the firewall what it does, and that nothing is blocked where it only reports', () => {
  const fields = ['is_firewall_enabled', 'custom_allowlist'] as const
  const strict = effectsOf({ settings: Settings.parse({}) })
  const lax = effectsOf({ settings: Settings.parse({ firewall: { report_only: true } }) })

  expect(fields.map((field) => strict[field])).not.toContainEqual(expect.stringMatching(/^N/))
  for (const field of fields) expect(lax[field]).toMatch(/^Not enforced/)
})
