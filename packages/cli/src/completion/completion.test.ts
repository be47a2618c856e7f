import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { runCli } from '../testing/run-cli.ts'
import { completionScript, shells } from './scripts.ts'

async function complete(...words: string[]): Promise<string[]> {
  const { out } = await runCli(['__complete', '--', ...words])
  return out.split('\n').filter((line) => line !== '')
}

it.each([
  [['cr'], ['create']],
  [
    ['repo', ''],
    ['import', 'list', 'share', 'unshare'],
  ],
  [['create', '--fo'], ['--follow']],
  [
    ['create', 'a prompt', '-'],
    [
      '--from-file',
      '--repo',
      '--base',
      '--custom-agent',
      '--model',
      '--agent',
      '--head',
      '--pr',
      '--max-ai-credits',
      '--max-multiplier',
      '--push-unfinished',
      '--follow',
      '--help',
    ],
  ],
  [['list', '--state', 'ca'], ['cancelled']],
  [['list', '--json', 'pullRequestT'], ['pullRequestTitle']],
  [['create', '-F', ''], []],
  [
    ['fanout', '--ca'],
    ['--campaign', '--canary'],
  ],
  [['fanout', 'a prompt', '--dr'], ['--dry-run']],
  [['fanout', 'rep'], ['report']],
  [['fanout', '--org', ''], []],
  [
    ['audit', '--o'],
    ['--org', '--output'],
  ],
  [['audit', '--format', 'sa'], ['sarif']],
  [
    ['fanout', 'report', '--format', ''],
    ['markdown', 'json', 'csv', 'html'],
  ],
  [['token', 'create', '-k', 'f'], ['fine_grained']],
  [['fanout', 'status', '--json', ''], []],
  [['config', 'get', '--json', ''], []],
  [
    ['completion', ''],
    ['bash', 'zsh', 'fish'],
  ],
])('completes %j', async (words, suggestions) => {
  expect(await complete(...words)).toEqual(suggestions)
})

it('does not offer what is not for people', async () => {
  expect(await complete('__')).toEqual([])
})

it.each(shells)('has a script for %s', async (shell) => {
  const { out, code } = await runCli(['completion', shell])

  expect([out, code]).toEqual([completionScript(shell), 0])
  expect(out).toContain('errand __complete')
})

it('bash takes its script and completes by it', () => {
  const fake = 'errand() { [ "$1 $2 $3" = "__complete -- cr" ] && echo create; }'
  const script = `${fake}\n${completionScript('bash')}\nCOMP_WORDS=(errand cr)\nCOMP_CWORD=1\n_errand\necho "$COMPREPLY"`

  expect(execFileSync('bash', ['-c', script], { encoding: 'utf8' })).toBe('create\n')
})

it('names the shells there are when asked for another', async () => {
  const { err, code } = await runCli(['completion', 'csh'])

  expect(err).toContain('bash, zsh, fish')
  expect(code).toBe(1)
})
