import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { AutomationFile, automationJsonSchema, automationOf } from './automation-file.ts'

it('has the schema that is published: run write-automation-schema.ts after a change', () => {
  const path = new URL('../../../../docs/automation.schema.json', import.meta.url)

  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(automationJsonSchema())
})

describe('a file', () => {
  it('of a template says when, and leaves the rest to defaults', () => {
    const file = AutomationFile.parse({
      name: 'Weekly release',
      template: 'release',
      cron: '0 9 * * 1',
      time_zone: 'Europe/Berlin',
    })

    expect(automationOf(file, '.github/errand/automations/release.yml', 'the prompt')).toEqual({
      allow_concurrent_runs: false,
      write_scope: 'trigger',
      require_actor_write_permission: true,
      name: 'Weekly release',
      description: '',
      prompt: 'the prompt',
      enabled: true,
      model: '',
      agent: '',
      base_ref: '',
      usage_limits: [],
      triggers: { cron: { expression: '0 9 * * 1', time_zone: 'Europe/Berlin' } },
      tools: ['create_pull_request'],
      allowed_custom_agents: [],
      source_path: '.github/errand/automations/release.yml',
    })
  })

  it('of a prompt takes an interval, an agent, and no pull request', () => {
    const file = AutomationFile.parse({
      name: 'Deps',
      prompt: 'Update',
      interval: { cadence: ['daily'], hour_utc: 4 },
      custom_agent: 'tidy',
      create_pull_request: false,
      add_comment: true,
      on: { issues: { types: ['labeled'], labels: ['agent'] } },
    })

    expect(automationOf(file, 'x', 'Update')).toMatchObject({
      triggers: {
        interval: { cadence: ['daily'], hour_utc: 4, minute_utc: 0 },
        issues: { types: ['labeled'], labels: ['agent'] },
      },
      tools: ['add_comment'],
      allowed_custom_agents: ['tidy'],
    })
  })

  it.each([
    [{ name: 'x' }, 'needs either prompt or template'],
    [{ name: 'x', prompt: 'p', template: 'release' }, 'needs either prompt or template'],
    [{ prompt: 'p' }, 'expected string'],
    [{ name: 'x', prompt: 'p', on: { push: {} } }, 'Unrecognized key'],
    [{ name: 'x', prompt: 'p', schedule: 'daily' }, 'Unrecognized key'],
    [{ name: 'x', prompt: 'p', interval: { cadence: ['weekly'], hour_utc: 1 } }, '0 is Sunday'],
  ])('%j is refused', (value, message) => {
    expect(AutomationFile.safeParse(value).error?.issues[0]?.message).toContain(message)
  })
})
