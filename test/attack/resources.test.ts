import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isEndState, type TaskWithSessions } from '@errand/contract'
import { descendantsOf } from '../support/processes.ts'
import { eventually } from '../support/eventually.ts'
import { type Errand, startErrand } from '../support/start-errand.ts'
import {
  artifactOf,
  completeTask,
  createTask,
  eventsOf,
  getTask,
  scriptPrompt,
} from '../support/tasks.ts'

// An agent takes all it can get. It ends, whatever it took is given back, and the server goes on.

let errand: Errand

beforeAll(async () => {
  const line = (bytes: string): object => ({
    command: '/usr/bin/perl',
    args: ['-e', `$|=1; my $x = "a" x 65536; print $x for 1..${bytes}; sleep 60`],
  })
  errand = await startErrand({
    settings: {
      sandbox: {
        processes: 64,
        memory_mb: 256,
        workspace_mb: 64,
        file_size_mb: 32,
        output_mb: 2,
        tmp_mb: 32,
      },
      // Agents that do not speak ACP, but speak a lot.
      agents: {
        endless: line('20000'),
        nonsense: { command: '/bin/sh', args: ['-c', 'yes "{\\"jsonrpc\\":\\"2.0\\"}"'] },
        nosy: {
          command: '/bin/sh',
          args: [
            '-c',
            `printf '{"jsonrpc":"2.0","id":1,"method":"fs/read_text_file","params":{"sessionId":"x","path":"/etc/shadow"}}\\n'; cat >&2`,
          ],
        },
      },
      upstreams: { nowhere: { wire: 'anthropic', base_url: 'http://127.0.0.1:9/v1' } },
      models: ['endless', 'nonsense', 'nosy'].map((agent) => ({
        id: agent,
        upstream: 'nowhere',
        agent,
      })),
    },
  })
  await errand.addRepository('acme/sums')
})
afterAll(() => errand?.[Symbol.asyncDispose]())

async function endOf(body: { prompt: string; model?: string }): Promise<TaskWithSessions> {
  const { id } = await createTask(errand.client, 'acme/sums', { model: 'script', ...body })
  return eventually(
    async () => {
      const task = await getTask(errand.client, id)
      expect(isEndState(task.state)).toBe(true)
      return task
    },
    { timeoutMs: 50_000, what: 'the end of the task' },
  )
}

describe('an agent that takes', () => {
  it.each([
    ['processes', 'perl -e "fork while 1"; :(){ :|:& };: ; sleep 1'],
    ['memory', `perl -e 'my @x; push @x, "a" x 1e7 while 1'`],
    [
      'memory in many processes',
      `for n in 1 2 3 4 5 6 7 8; do perl -e 'my @x = map { "a" x 1e6 } 1..60; sleep 20' & done; wait`,
    ],
    ['disk', 'n=0; while n=$((n+1)); do head -c 20000000 /dev/zero > f$n || exit 1; done'],
    ['one huge file', 'head -c 200000000 /dev/zero > huge'],
    ['disk in /tmp', 'head -c 200000000 /dev/zero > /tmp/huge'],
    ['inodes', `perl -e 'mkdir "d"; for (1..400000) { open my $f, ">", "d/$_" or exit 1 }'`],
  ])('%s is stopped, and nothing of it is left', async (_, script) => {
    const task = await endOf({ prompt: scriptPrompt(`set +eu\n${script}; exit 1`) })

    expect(task.state).toBe('failed')
    expect(task.sessions[0]?.error?.message).toBeTruthy()
    await eventually(() => expect(descendantsOf(process.pid)).toEqual([]))
  })

  it('output without end is cut off, and the log stays small', async () => {
    const task = await endOf({ prompt: scriptPrompt('yes "all work and no play"') })
    const events = await eventsOf(errand.client, task.id)

    expect(task.state).toBe('failed')
    expect(task.sessions[0]?.error).toMatchObject({ category: 'limit' })
    expect(JSON.stringify(events).length).toBeLessThan(8 * 1024 * 1024)
  })

  it.each(['endless', 'nonsense', 'nosy'])(
    'the protocol for a fool is refused: %s',
    async (model) => {
      const task = await endOf({ prompt: 'p', model })

      expect(task.state).toBe('failed')
      expect(JSON.stringify(await eventsOf(errand.client, task.id))).not.toMatch(/root:[^:]*:\d+/)
    },
  )
})

it('still does an honest task afterwards', async () => {
  const task = await completeTask(errand.client, 'acme/sums', {
    prompt: scriptPrompt('echo honest >> README.md'),
    model: 'script',
    create_pull_request: true,
  })

  expect(artifactOf(task, 'pull')).toBeDefined()
})
