import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { UserError } from './errors.ts'
import { type Environment, type Flags, loadSettings } from './settings.ts'

let cwd: string
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'errand-settings-'))
})
afterEach(() => rmSync(cwd, { recursive: true }))

function load(yaml: string | undefined, environment: Environment = {}, flags: Flags = {}) {
  if (yaml !== undefined) writeFileSync(join(cwd, 'errand.yml'), yaml)
  return loadSettings(flags, environment, { cwd })
}

function problemsOf(
  yaml: string | undefined,
  environment: Environment = {},
  flags: Flags = {},
): string {
  try {
    load(yaml, environment, flags)
  } catch (error) {
    if (error instanceof UserError) return error.message
    throw error
  }
  return ''
}

it('takes the defaults when nothing is given', () => {
  const { settings, filePath, warnings } = load(undefined)

  expect(settings).toMatchObject({
    port: 4000,
    forge: 'embedded',
    sessions: { timeout_minutes: 59 },
  })
  expect(settings.data).toBe(join(cwd, '.errand'))
  expect([filePath, warnings]).toEqual([undefined, []])
})

it('prefers flags to the environment, the environment to the file, the file to the defaults', () => {
  const yaml = 'port: 1\nhost: file\nlog_level: warn\nlimits:\n  total: 7\n  per_owner: 3\n'
  const environment = { ERRAND_PORT: '2', ERRAND_HOST: 'variable', ERRAND_LIMITS_TOTAL: '9' }

  const { settings } = load(yaml, environment, { port: { flag: '--port', value: '3' } })

  expect(settings).toMatchObject({ port: 3, host: 'variable', log_level: 'warn' })
  expect(settings.limits).toMatchObject({ total: 9, per_owner: 3, per_repository: 8 })
})

it('takes lists and maps from the environment as JSON or YAML', () => {
  const { settings } = load(undefined, {
    ERRAND_UPSTREAMS: '{own: {wire: openai, base_url: "http://127.0.0.1:11434/v1"}}',
    ERRAND_MODELS: '[{"id": "qwen", "upstream": "own"}]',
  })

  expect(settings.models).toMatchObject([{ id: 'qwen', upstream: 'own', agent: 'coder' }])
})

it('takes a key without a value, and an empty variable, as not given', () => {
  const { settings } = load('port:\nsessions:\n', { ERRAND_HOST: '' })

  expect(settings).toMatchObject({ port: 4000, host: '127.0.0.1' })
})

it('reads the file that is named instead of errand.yml', () => {
  writeFileSync(join(cwd, 'other.yml'), 'port: 5')

  const environment = { ERRAND_CONFIG: 'other.yml' }

  expect(load('port: 4', environment).settings.port).toBe(5)
  expect(loadSettings({}, {}, { cwd, config: 'other.yml' }).settings.port).toBe(5)
})

const oneModel = `
upstreams: {own: {wire: openai, base_url: "http://x"}}
models:
  - {id: a, upstream: own, aliases: [usual]}`

it.each([
  [
    'a number out of range',
    'host: x\nport: 99999',
    'errand.yml:2:1: port must be a whole number from 0 to 65535, not 99999',
  ],
  [
    'not a number',
    'limits:\n  total: many',
    'errand.yml:2:3: limits.total must be a whole number, 1 or more, not "many"',
  ],
  [
    'an unknown word',
    'log_level: loud',
    'errand.yml:1:1: log_level must be one of `trace`, `debug`, `info`, `warn`, `error`, `silent`, not "loud"',
  ],
  [
    'neither true nor false',
    'runner:\n  enabled: maybe',
    'errand.yml:2:3: runner.enabled must be true or false, not "maybe"',
  ],
  ['a mistyped key', 'prot: 4', 'errand.yml:1:1: prot is not a setting (did you mean port?)'],
  [
    'a mistyped section',
    'port: 4\nsesions: {}',
    'errand.yml:2:1: sesions is not a setting (did you mean sessions?)',
  ],
  [
    'a mistyped key in a section',
    'sessions:\n  lease_second: 4',
    'errand.yml:2:3: sessions.lease_second is not a setting (did you mean lease_seconds?)',
  ],
  ['a section that is a value', 'sessions: 3', 'errand.yml:1:1: sessions must be a section, not 3'],
  [
    'a list that is a section',
    'models: {}',
    'errand.yml:1:1: models must be a list, not a section',
  ],
  [
    'a rule of its own',
    'runner:\n  branch_prefix: errand',
    'errand.yml:2:3: runner.branch_prefix must be a path segment ending in a slash, like errand/, not "errand"',
  ],
  [
    'a forge that is none',
    'forge: github.com',
    'errand.yml:1:1: forge must be `embedded` or the URL of a GitHub API, like https://api.github.com, not "github.com"',
  ],
  [
    'a missing part of a list',
    'models:\n  - upstream: x',
    'errand.yml:2:5: models[0].id is missing: it must be a text',
  ],
  [
    'a wrong part of a map',
    'upstreams:\n  own:\n    wire: gimini\n    base_url: http://x/v1',
    'errand.yml:3:5: upstreams.own.wire must be one of `anthropic`, `openai`, `gemini`, not "gimini"',
  ],
  [
    'an unknown key of a map',
    'upstreams:\n  own:\n    wire: openai\n    url: http://x',
    'errand.yml:4:5: upstreams.own.url is not a setting',
  ],
  [
    'an upstream that is not there',
    'models:\n  - id: a\n    upstream: antropic\nupstreams:\n  anthropic: {wire: anthropic, base_url: "http://x"}',
    'errand.yml:3:5: models[0].upstream `antropic` is not one of `upstreams` (did you mean anthropic?)',
  ],
  [
    'a name that is mapped to no model',
    'upstreams:\n  own: {wire: openai, base_url: "http://x"}\nmodels: [{id: small, upstream: own}]\nmapped_models:\n  haiku: smal',
    'errand.yml:5:3: mapped_models.haiku `smal` is not one of `models` (did you mean small?)',
  ],
  [
    'a reviewer that runs on no model',
    'models: []\nvalidation:\n  review: {model: small}',
    'errand.yml:3:12: validation.review.model `small` is not one of `models`',
  ],
  [
    'a reviewer that is no agent',
    'validation:\n  review: {agent: codr}',
    'errand.yml:2:12: validation.review.agent `codr` is not an agent (did you mean coder?)',
  ],
  [
    'a command of nothing',
    'validation:\n  code_scanning: {command: []}',
    'errand.yml:2:19: validation.code_scanning.command must be a list of one or more texts, not an empty list',
  ],
  [
    'a network that is none',
    'firewall:\n  private_networks: [ten]',
    'errand.yml:2:22: firewall.private_networks[0] must be an address, or a network such as 10.20.0.0/16, not "ten"',
  ],
  [
    'a region of AWS that nothing tells',
    'upstreams:\n  own: {kind: bedrock, wire: anthropic, base_url: "https://bedrock.example/"}',
    'errand.yml:2:3: upstreams.own.region must be given: its base_url does not tell the region to sign for',
  ],
  [
    'two places of one key',
    'upstreams:\n  own: {wire: openai, base_url: "http://x", api_key_env: A, api_key_file: B}',
    'errand.yml:2:61: upstreams.own.api_key_file must not stand beside api_key_env: give one of them',
  ],
  [
    'a fallback of another wire',
    'models: [{id: a, upstream: a, fallbacks: [{upstream: b}]}]\nupstreams: {a: {wire: openai, base_url: "http://x"}, b: {wire: gemini, base_url: "http://x"}}',
    'errand.yml:1:44: models[0].fallbacks[0].upstream `b` speaks gemini, and the model is spoken to by openai',
  ],
  [
    'a name of our own',
    'models: [{id: auto, upstream: a}]\nupstreams: {a: {wire: openai, base_url: "http://x"}}',
    "errand.yml:1:11: models[0].id must not be `auto`: that name is Errand's own",
  ],
  [
    'an alias that is a name of our own',
    `${oneModel}\n  - {id: b, upstream: own, aliases: [x, script]}`,
    "errand.yml:5:41: models[1].aliases[1] must not be `script`: that name is Errand's own",
  ],
  [
    'an alias that is the id of another model',
    `${oneModel}\n  - {id: b, upstream: own, aliases: [a]}`,
    'errand.yml:5:38: models[1].aliases[0] `a` is the id of models[0]',
  ],
  [
    'an alias that another model has',
    `${oneModel}\n  - {id: b, upstream: own, aliases: [x, usual]}`,
    'errand.yml:5:41: models[1].aliases[1] `usual` is an alias of models[0] too',
  ],
  [
    'a list at the top',
    '- port',
    'errand.yml:1:1: the file must hold keys and values, like `port: 4000`',
  ],
  ['broken YAML', 'port: 4\nhost: "x', 'errand.yml:2:9: Missing closing "quote'],
])('names file, line and key of %s', (_, yaml, problem) => {
  expect(problemsOf(yaml)).toContain(problem)
})

it('names the variable or the flag where there is no line', () => {
  expect(problemsOf('port: 4', { ERRAND_PORT: 'x' })).toBe(
    'ERRAND_PORT: port must be a whole number from 0 to 65535, not "x"',
  )
  expect(problemsOf('port: 4', {}, { port: { flag: '--port', value: '-1' } })).toBe(
    '--port: port must be a whole number from 0 to 65535, not "-1"',
  )
  expect(problemsOf(undefined, { ERRAND_MODELS: '[{' })).toContain(
    'ERRAND_MODELS: is not YAML or JSON',
  )
  expect(problemsOf(undefined, { ERRAND_MODELS: '[{"id": ""}]' })).toContain(
    'ERRAND_MODELS: models[0].id',
  )
})

it('tells every problem at once', () => {
  const problems = problemsOf('port: x\nprot: 1', { ERRAND_LIMITS_TOTAL: '0' })

  expect(problems.split('\n')).toHaveLength(3)
})

it('never shows a secret, not even a wrong one', () => {
  const problems = problemsOf('admin_token: hunter2')

  expect(problems).toBe('errand.yml:1:1: admin_token must be a text of at least 20 characters')
})

it('warns of a variable that looks like a setting and is none', () => {
  const { warnings } = load(undefined, { ERRAND_PROT: '1', ERRAND_URL: 'x', ERRAND_TEST_X: '1' })

  expect(warnings).toEqual([
    'ERRAND_PROT is not a setting (did you mean ERRAND_PORT?); it is ignored',
  ])
})

it('says which named file is missing', () => {
  expect(() => loadSettings({}, {}, { cwd, config: 'none.yml' })).toThrow(
    'The settings file none.yml does not exist.',
  )
})
