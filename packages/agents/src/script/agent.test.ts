import { spawn } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import * as acp from '@agentclientprotocol/sdk'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { builtinAgents, nodeArguments } from '../index.ts'

let folder: string
let agent: Awaited<ReturnType<typeof startAgent>>

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'errand-script-'))
  agent = await startAgent(folder)
})
afterEach(async () => {
  agent.stop()
  await rm(folder, { recursive: true, force: true })
})

/** The real program, spoken to as the runner does. */
async function startAgent(cwd: string) {
  const child = spawn(process.execPath, [...nodeArguments, builtinAgents.script.entry], {
    cwd,
    env: { PATH: process.env['PATH'], HOME: cwd },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const updates: acp.SessionUpdate[] = []
  const input = Readable.toWeb(child.stdout) as ReadableStream<Uint8Array>
  const connection = acp
    .client({ name: 'test' })
    .onNotification('session/update', ({ params }) => void updates.push(params.update))
    .connect(acp.ndJsonStream(Writable.toWeb(child.stdin), input))
  await connection.agent.request('initialize', { protocolVersion: 1, clientCapabilities: {} })
  const { sessionId } = await connection.agent.request('session/new', { cwd, mcpServers: [] })
  return {
    updates,
    prompt: (text: string) =>
      connection.agent.request('session/prompt', { sessionId, prompt: [{ type: 'text', text }] }),
    cancel: () => connection.agent.notify('session/cancel', { sessionId }),
    stop: () => child.kill('SIGKILL'),
  }
}

const block = (script: string, language = 'sh') =>
  `# Tidy up\n\nBecause.\n\n\`\`\`${language}\n${script}\n\`\`\`\n`

describe('the script agent', () => {
  it('runs the block of the prompt, and makes title and body of the rest', async () => {
    const answer = await agent.prompt(block('echo hello > made.txt'))

    expect(await readdir(folder)).toContain('made.txt')
    expect(answer).toEqual({
      stopReason: 'end_turn',
      _meta: { errand: { title: 'Tidy up', body: 'Because.' } },
    })
  })

  it('tells the output as it comes, and the end', async () => {
    await agent.prompt(block('echo one; echo two >&2'))

    const told = JSON.stringify(agent.updates)
    expect(told).toContain('one')
    expect(told).toContain('two')
    expect(agent.updates.at(0)).toMatchObject({ sessionUpdate: 'tool_call', kind: 'execute' })
    expect(agent.updates.at(-1)).toMatchObject({ status: 'completed', rawOutput: { exit_code: 0 } })
  })

  it('takes title and body from the summary file', async () => {
    const answer = await agent.prompt(
      block(`printf 'Release 1.2.0\\n\\nNotes.\\n' > "$ERRAND_SUMMARY_FILE"`),
    )

    expect(answer._meta).toEqual({ errand: { title: 'Release 1.2.0', body: 'Notes.' } })
  })

  it('runs a prompt that begins with #! as a whole', async () => {
    const answer = await agent.prompt('#!/bin/sh\n# Make a file\necho x > whole.txt\n')

    expect(await readdir(folder)).toContain('whole.txt')
    expect(answer._meta).toEqual({ errand: { title: 'Make a file', body: '' } })
  })

  it('stops at the first failing command, and says what it said', async () => {
    await expect(agent.prompt(block('echo broken >&2\nfalse\ntouch after.txt'))).rejects.toThrow(
      /exit code 1.*broken/s,
    )
    expect(await readdir(folder)).not.toContain('after.txt')
  })

  it('says what it wants where there is nothing to run', async () => {
    await expect(agent.prompt('Please fix the bug\n\n```\necho unmarked\n```')).rejects.toThrow(
      /no script to run/,
    )
  })

  it('says that a program is missing', async () => {
    await expect(agent.prompt('#!/no/such/program\n')).rejects.toThrow(/not installed/)
  })

  it('ends with everything it started when it is cancelled', async () => {
    const answer = agent.prompt(block('echo started\nsleep 1000 & sleep 1000'))
    await expect.poll(() => JSON.stringify(agent.updates)).toContain('started')

    await agent.cancel()

    await expect(answer).resolves.toEqual({ stopReason: 'cancelled' })
  })
})
