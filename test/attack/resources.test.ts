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

const honest = scriptPrompt('echo honest >> README.md')
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
            `printf '{"jsonrpc":"2.0","id":1,"method":"fs/read_text_file","params":{"sessionId":"x","path":"/etc/shadow"}}\\n'; head -n 2 >&2; exit 1`,
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

  it('processes gets no more than its share, while others work, and all end with a cancel', async () => {
    const bomb = await createTask(errand.client, 'acme/sums', {
      prompt: scriptPrompt(
        `set +eu\nperl -e '1 while defined fork; print "full\\n"; fork while 1'`,
      ),
      model: 'script',
    })
    await eventually(async () => {
      const events = await eventsOf(errand.client, bomb.id)
      expect(events.some(({ type }) => type === 'tool.execution_update')).toBe(true)
    })

    expect(descendantsOf(process.pid).length).toBeLessThan(100)
    await completeTask(errand.client, 'acme/sums', { prompt: honest, model: 'script' })
    await errand.client.call('cancelTask', { params: { task_id: bomb.id } })

    await eventually(() => expect(descendantsOf(process.pid)).toEqual([]))
    expect((await getTask(errand.client, bomb.id)).state).toBe('cancelled')
  })

  it('the log gets its beginning and its end in', async () => {
    const script = 'head -c 300000000 /dev/zero | tr "\\0" x; echo the end; exit 1'
    const task = await endOf({ prompt: scriptPrompt(script) })
    const log = JSON.stringify(await eventsOf(errand.client, task.id))

    expect(task.state).toBe('failed')
    expect(log).toMatch(/characters left out.*the end/)
    expect(log.length).toBeLessThan(8 * 1024 * 1024)
  })

  it('the protocol for a drain is ended at its limit', async () => {
    const task = await endOf({ prompt: 'p', model: 'endless' })

    expect(task.state).toBe('failed')
    expect(task.sessions[0]?.error).toMatchObject({ category: 'limit' })
  })

  it.each(['nonsense', 'nosy'])('the protocol for a fool is refused: %s', async (model) => {
    const task = await endOf({ prompt: 'p', model })

    expect(task.state).toBe('failed')
    expect(JSON.stringify(await eventsOf(errand.client, task.id))).not.toMatch(/root:[^:]*:\d+/)
  })
})

it('still does an honest task afterwards', async () => {
  const task = await completeTask(errand.client, 'acme/sums', {
    prompt: honest,
    model: 'script',
    create_pull_request: true,
  })

  expect(artifactOf(task, 'pull')).toBeDefined()
})
