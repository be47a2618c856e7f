/**
 * How dear models are beside a usual one, as GitHub had it for plans that count premium requests
 * (behaviour.md 5). By the plain name: no provider, no date, dashes for dots.
 */
export const githubMultipliers: Readonly<Record<string, number>> = {
  'claude-haiku-4-5': 0.33,
  'claude-opus-4-5': 3,
  'claude-opus-4-6': 3,
  'claude-opus-4-6-fast': 30,
  'claude-opus-4-7': 7.5,
  'claude-sonnet-4': 1,
  'claude-sonnet-4-5': 1,
  'claude-sonnet-4-6': 1,
  'gemini-2-5-pro': 1,
  'gemini-3-flash': 0.33,
  'gemini-3-1-pro': 1,
  'gpt-4-1': 0,
  'gpt-4o': 0,
  'gpt-5-2': 1,
  'gpt-5-2-codex': 1,
  'gpt-5-3-codex': 1,
  'gpt-5-4': 1,
  'gpt-5-4-mini': 0.33,
  'gpt-5-4-nano': 0.25,
  'gpt-5-mini': 0,
  'grok-code-fast-1': 0.25,
  'raptor-mini': 0,
}

/** The price of a million tokens of output of a model of 1x, in US dollars. */
export const usualOutputPrice = 15

/** At the beginning of a word: `chatgpt-4o` is none of GitHub's. */
const families = /(?<![a-z])(claude|gpt|gemini|grok|raptor)-.*$/

/**
 * The name a model is known by, whoever serves it: `us.anthropic.claude-haiku-4-5-20251001-v1:0` and
 * `anthropic/claude-haiku-4.5` are `claude-haiku-4-5`.
 */
export function plainModelName(name: string): string {
  const lower = name.toLowerCase().split('/').at(-1) ?? ''
  const ofFamily = families.exec(lower)?.[0] ?? lower
  return ofFamily
    .replace(/[@:].*$/, '')
    .replace(/-v\d+$/, '')
    .replace(/-(20\d{6}|20\d\d-\d\d-\d\d)$/, '')
    .replace(/-(preview|latest)$/, '')
    .replaceAll('.', '-')
}
