import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { builtinPrograms } from '../index.ts'
import { agentConformance } from '../testing/agent-conformance.ts'
import { startAgent, toldText, type StartedAgent } from '../testing/start-agent.ts'

const { entry } = builtinPrograms.agents.script
const block = (script: string, language = 'sh') =>
  `# Tidy up\n\nBecause.\n\n\`\`\`${language}\n${script}\n\`\`\`\n`

/** Prints this many characters. */
const long = 'bash -c \'head -c "$0" /dev/zero | tr "\\0" y\''

agentConformance('script', false, async (cwd, home) => ({
  agent: await startAgent({ entry, cwd, home }),
  appends: (file, line) => block(`sleep 0.05; echo ${line} >> ${file}`),
  sleeps: (seconds) => block(`sleep ${seconds}`),
  fails: 'Please do something.',
}))

describe('the script agent', () => {
  let folder: string
  let agent: StartedAgent
  let sessionId: string

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'errand-script-'))
    agent = await startAgent({ entry, cwd: folder, home: folder })
    sessionId = await agent.begin()
  })
  afterEach(async () => {
    await agent.kill()
    await rm(folder, { recursive: true, force: true })
  })
  const prompt = (text: string) => agent.prompt(sessionId, text)

  it('runs the block of the prompt, and makes title and body of the rest', async () => {
    const answer = await prompt(block('echo hello > made.txt'))

    expect(await readdir(folder)).toContain('made.txt')
    expect(answer).toEqual({
      stopReason: 'end_turn',
      _meta: { errand: { title: 'Tidy up', body: 'Because.' } },
    })
  })

  it('tells the output as it comes, and the end', async () => {
    await prompt(block('echo one; echo two >&2'))

    expect(toldText(agent.updates)).toContain('one')
    expect(toldText(agent.updates)).toContain('two')
    expect(agent.updates.at(0)).toMatchObject({ sessionUpdate: 'tool_call', kind: 'execute' })
    expect(agent.updates.at(-1)).toMatchObject({ status: 'completed', rawOutput: { exit_code: 0 } })
  })

  it('tells the beginning and the end of very long output', async () => {
    await prompt(block(`echo first; ${long} 30000000; echo last`))

    const told = toldText(agent.updates)
    expect(told.length).toBeLessThan(1_010_000)
    expect(told).toMatch(/^first\ny/)
    expect(told).toMatch(/\[\.\.\. \d+ characters left out \.\.\.\]\ny+last\n$/)
  })

  it('takes title and body from the summary file', async () => {
    const answer = await prompt(
      block(`printf 'Release 1.2.0\\n\\nNotes.\\n' > "$ERRAND_SUMMARY_FILE"`),
    )

    expect(answer._meta).toEqual({ errand: { title: 'Release 1.2.0', body: 'Notes.' } })
    expect(await readdir(folder)).toEqual([])
  })

  it.each([['mkfifo'], ['mkdir'], ['ln -s /dev/zero']])(
    'does not hang on a summary file made by %s',
    async (command) => {
      const run = prompt(block(`${command} "$ERRAND_SUMMARY_FILE"`))

      await expect(run).rejects.toThrow(/something else than a file/)
    },
  )

  it('reads no more of a summary file than a pull request can hold', async () => {
    const answer = await prompt(block(`{ echo Title; ${long} 1000000; } > "$ERRAND_SUMMARY_FILE"`))

    expect(JSON.stringify(answer).length).toBeLessThan(130_000)
    expect(answer._meta).toMatchObject({ errand: { title: 'Title' } })
  })

  it('runs a prompt that begins with #! as a whole', async () => {
    const answer = await prompt('#!/bin/sh\r\n# Make a file\r\necho x > whole.txt\r\n')

    expect(await readdir(folder)).toContain('whole.txt')
    expect(answer._meta).toEqual({ errand: { title: 'Make a file', body: '' } })
  })

  it('stops at the first failing command, and says what it said', async () => {
    await expect(prompt(block('echo broken >&2\nfalse\ntouch after.txt'))).rejects.toThrow(
      /exit code 1.*broken/s,
    )
    expect(await readdir(folder)).not.toContain('after.txt')
  })

  it('says what it wants where there is nothing to run', async () => {
    await expect(prompt('Please fix the bug\n\n```\necho unmarked\n```')).rejects.toThrow(
      /no script to run/,
    )
  })

  it.each([
    ['#!/no/such/program\n', /not installed/],
    ['#!/etc/passwd\n', /not a program/],
  ])('says that %j cannot be run', async (text, message) => {
    await expect(prompt(text)).rejects.toThrow(message)
  })

  it('ends although a daemon of the script holds its output open', async () => {
    const answer = await prompt(block('setsid sleep 30 & echo $! > daemon.pid'))
    process.kill(Number(await readFile(join(folder, 'daemon.pid'), 'utf8')), 'SIGKILL')

    expect(answer).toMatchObject({ stopReason: 'end_turn' })
  })
})
