import { describe, expect, it } from 'vitest'
import { AgentEntry, AgentFile, unknownPlaceholder } from './agent-entry.ts'
import { apiBetween } from './agent-model.ts'

describe('an entry of an agent', () => {
  it('takes an agent.json of the registry, and lets be what it does not know', () => {
    const file = {
      id: 'goose',
      name: 'Goose',
      version: '1.0.0',
      license: 'Apache-2.0',
      distribution: { npx: { package: 'goose@1.0.0', args: ['acp'] } },
      next_years_member: true,
    }

    expect(AgentFile.parse(file)).toMatchObject({ id: 'goose', loads: true, asks: 'elicitation' })
    expect(AgentEntry.safeParse(file).success).toBe(false)
  })

  it.each([
    ['no program', {}],
    ['a range instead of a version', { distribution: { npx: { package: 'goose@^1.0.0' } } }],
    ['no version', { distribution: { npx: { package: 'goose' } } }],
    ['a file above the home', { command: 'a', settings_files: { 'x/../../y': '' } }],
    ['a file at the root', { command: 'a', settings_files: { '/etc/passwd': '' } }],
    ['an unknown API', { command: 'a', apis: { smoke_signals: {} } }],
  ])('refuses %s', (_, entry) => {
    expect(AgentEntry.safeParse(entry).success).toBe(false)
  })

  it('names a placeholder that nothing is known of', () => {
    const entry = AgentEntry.parse({
      command: 'a',
      args: [{ url: '${gateway}/x' }],
      env: { A: '${kind}', B: '${HOME}' },
      apis: { messages: { kind: 'anthropic' } },
    })

    expect(unknownPlaceholder(entry)).toBe('HOME')
    expect(unknownPlaceholder({ ...entry, env: { A: '${kind}' } })).toBeUndefined()
  })
})

it.each([
  [
    'the API of the model',
    { apis: { responses: {} } },
    { wire: 'openai', api: 'responses' },
    'responses',
  ],
  ['another of the wire', { apis: { responses: {} } }, { wire: 'openai' }, 'responses'],
  ['the usual one of the wire', {}, { wire: 'openai' }, 'chat_completions'],
  ['none', { apis: { messages: {} } }, { wire: 'openai' }, undefined],
  [
    'none, as the model names one',
    { apis: { responses: {} } },
    { wire: 'openai', api: 'chat_completions' },
    undefined,
  ],
] as const)('an agent and a model have in common: %s', (_, entry, model, api) => {
  expect(apiBetween(entry, model)).toBe(api)
})
