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
