import { Settings } from '@errand/contract'
import { describe, expect, it } from 'vitest'
import { multipliersOf } from './multipliers.ts'

const settings = Settings.parse({
  upstreams: {
    anthropic: { wire: 'anthropic', base_url: 'https://api.anthropic.com/v1' },
    openai: { wire: 'openai', base_url: 'https://api.openai.com/v1' },
    azure: { kind: 'azure', wire: 'openai', base_url: 'https://acme.openai.azure.com/openai/v1' },
  },
  models: [
    { id: 'haiku', upstream: 'anthropic', name: 'claude-haiku-4-5' },
    { id: 'sonnet', upstream: 'anthropic', name: 'claude-sonnet-4-5' },
    { id: 'gpt-5.5', upstream: 'openai' },
    { id: 'gpt-5-mini', upstream: 'openai' },
    { id: 'deployed', upstream: 'azure', name: 'prod-chat', multiplier: 0.5 },
  ],
})
const multipliers = await multipliersOf(settings)

describe('the multiplier of a model that answers', () => {
  it.each([
    ['is its own by the name with a date', 'haiku', 'claude-haiku-4-5-20251001', 0.33],
    ['is that of another that is configured', 'haiku', 'claude-sonnet-4-5-20250929', 1],
    ['is GitHub’s of one that is not', 'haiku', 'claude-opus-4-7', 7.5],
    ['is by the list price of one that GitHub never had', 'haiku', 'claude-opus-5', 1.67],
    ['is that also of another provider’s', 'haiku', 'gpt-5.5-pro', 12],
    ['is not that of a shorter name with another price', 'gpt-5.5', 'gpt-5.5-pro', 12],
    ['is its own by a longer name that nobody lists', 'gpt-5-mini', 'gpt-5-mini-eu', 0],
    ['is the dearest for a name that nobody knows', 'haiku', 'who-knows', 2],
    ['is not free for ChatGPT’s, whose name has another in it', 'haiku', 'chatgpt-4o-latest', 2],
    ['is the operator’s for a deployment, whichever model it is', 'deployed', 'o4-mini', 0.5],
    ['is not the operator’s where another of theirs answers', 'deployed', 'gpt-5.5', 2],
  ])('%s', (_name, asked, answered, expected) => {
    expect(multipliers.ofAnswer(asked, answered)).toBe(expected)
    // And the second time, from what is kept.
    expect(multipliers.ofAnswer(asked, answered)).toBe(expected)
  })
})
