import { describe, expect, it } from 'vitest'

import { parseStepsFile } from './steps-file.ts'

const job = (text: string): string =>
  `jobs:\n  copilot-setup-steps:\n${text.replace(/^(?=.)/gm, '    ')}\n`

it('a steps file is read as GitHub documents it, with what is not done here told', () => {
  const read = parseStepsFile(`
name: Copilot Setup Steps
on: { workflow_dispatch: , push: { paths: [x] } }
env: { A: workflow, B: 1 }
jobs:
  copilot-setup-steps:
    runs-on: windows-latest
    timeout-minutes: 20
    permissions: { contents: read }
    services: { redis: { image: redis } }
    snapshot: my-image
    if: \${{ never }}
    env: { A: job }
    steps:
      - uses: actions/setup-node@v6
        with: { node-version: 20, cache: npm }
      - name: Install
        run: npm ci
        continue-on-error: true
  other: {}
`)

  expect(read).toMatchObject({
    env: { A: 'job', B: '1' },
    timeoutMinutes: 20,
    steps: [
      { uses: 'actions/setup-node@v6', with: { 'node-version': '20', cache: 'npm' } },
      { name: 'Install', run: 'npm ci', 'continue-on-error': 'true' },
    ],
    notices: [
      expect.stringContaining('services are not started'),
      expect.stringContaining('snapshot'),
      expect.stringContaining('permissions'),
      expect.stringContaining('runs-on'),
      expect.stringContaining('none of the others'),
    ],
  })
})

it.each([
  [59, 59],
  [60, 59],
  ['"${{ vars.X }}"', 59],
  [5, 5],
])('of timeout-minutes %j the steps may take %j', (written, minutes) => {
  const read = parseStepsFile(job(`timeout-minutes: ${written}\nsteps: [{ run: x }]`))

  expect(read).toMatchObject({ timeoutMinutes: minutes })
})

describe('a steps file that is broken', () => {
  it.each([
    ['', 'the file: '],
    ['jobs: [', 'Flow sequence'],
    ['jobs: { build: { steps: [] } }', 'no job of the name copilot-setup-steps'],
    [job('runs-on: x'), 'jobs.copilot-setup-steps.steps: '],
    [job('steps: []'), 'jobs.copilot-setup-steps.steps: '],
    [job('steps: [{ name: x }]'), 'jobs.copilot-setup-steps.steps.0: has to have either'],
    [job('steps: [{ run: x, uses: y }]'), 'has to have either'],
    [job('steps: [{ run: x, env: [1] }]'), 'steps.0.env: '],
    [job('steps: [{ run: x, env: { "A=B": 1 } }]'), 'steps.0.env'],
  ])('says why: %j', (text, problem) => {
    expect(parseStepsFile(text)).toEqual({ problem: expect.stringContaining(problem) })
  })

  it('is not read where its aliases would grow without end', () => {
    const levels = Array.from('bcdefghij', (name, at) => {
      const before = 'abcdefghij'[at]
      return `${name}: &${name} [${Array(10).fill(`*${before}`).join(',')}]`
    })
    const bomb = `a: &a [x]\n${levels.join('\n')}\n${job('steps: [{ run: x }]')}`

    expect(parseStepsFile(bomb)).toEqual({ problem: expect.stringMatching(/alias/i) })
  })
})
