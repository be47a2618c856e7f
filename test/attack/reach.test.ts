import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Errand, startErrand } from '../support/start-errand.ts'
import {
  artifactOf,
  completeTask,
  createTask,
  eventsOf,
  scriptPrompt,
  untilEvent,
} from '../support/tasks.ts'

// An agent looks around: what it finds comes out in its own log, where the test looks for secrets.

const canary = `canary-${process.pid}-${Date.now()}`
let errand: Errand

beforeAll(async () => {
  process.env.ERRAND_TEST_CANARY = canary
  errand = await startErrand({ isOnPglite: true, settings: { runner: { concurrency: 2 } } })
  await writeFile(join(errand.dataDir, 'secret.txt'), canary)
  await errand.addRepository('acme/sums')
  await errand.addRepository('acme/other', { 'private.txt': canary })
})
afterAll(async () => {
  delete process.env.ERRAND_TEST_CANARY
  await errand?.[Symbol.asyncDispose]()
})

/** What a script of the agent printed, all of it. */
async function outputOf(script: string): Promise<string> {
  const task = await completeTask(errand.client, 'acme/sums', {
    prompt: scriptPrompt(`set +eu +o pipefail\n${script}`),
    model: 'script',
  })
  const events = await eventsOf(errand.client, task.id)
  return events
    .filter(({ type }) => /^(tool|assistant)\./.test(type))
    .map(({ data }) => JSON.stringify(data))
    .join('\n')
}

describe('an agent finds nothing of the host', () => {
  it.each([
    ['in any environment', 'for f in /proc/[0-9]*/environ; do tr "\\0" "\\n" < $f; done; env'],
    [
      'in any file it can read',
      `grep -rlI --exclude-dir=sys --exclude-dir=proc --exclude-dir=usr --exclude-dir=node_modules -e "${canary.slice(0, 10)}""${canary.slice(10)}" / 2>/dev/null | head; echo searched`,
    ],
    ["in the server's folder", 'cat $DATA/secrets/* $DATA/secret.txt; ls -la $DATA $DATA/secrets'],
    ['on any command line', 'cat /proc/[0-9]*/cmdline | tr "\\0" " "'],
    [
      'in any open file',
      'ls -l /proc/[0-9]*/fd; for f in /proc/[0-9]*/fd/*; do [ -f $f ] && cat $f; done; echo looked',
    ],
  ])('%s', async (_, script) => {
    const output = await outputOf(`DATA=${errand.dataDir}; { ${script}; } 2>&1; true`)

    expect(output).not.toContain(errand.token)
    expect(output.replaceAll(`${canary.slice(0, 10)}\\"\\"${canary.slice(10)}`, '')).not.toContain(
      canary,
    )
  })

  it('neither the home of whoever runs it nor the password file', async () => {
    await mkdir(join(homedir()), { recursive: true })

    const output = await outputOf(`cat /etc/shadow; ls -a ${homedir()}; ls /root /home; true`)

    expect(output).not.toMatch(/root:[^:]*:\d+/)
    expect(output).toMatch(/shadow.*(No such file|Permission denied)/)
    expect(output).not.toMatch(/\.ssh|\.bashrc|\.npm/)
  })

  it('nothing of another session that runs beside it', async () => {
    const neighbour = await createTask(errand.client, 'acme/other', {
      prompt: scriptPrompt(
        `echo ${canary} > /tmp/mine; cp /tmp/mine ~/mine; sleep 30 # neighbour-${canary}`,
      ),
      model: 'script',
    })
    await untilEvent(errand.client, neighbour.id, 'tool.execution_start')

    const output = await outputOf(
      'cat /tmp/mine ~/mine; ls -la / /tmp /home /workspace /run 2>&1; cat /proc/[0-9]*/cmdline | tr "\\0" " "; true',
    )
    await errand.client.call('cancelTask', { params: { task_id: neighbour.id } })

    expect(output).not.toContain(canary)
    expect(output).not.toContain('private.txt')
  })
})

describe('an agent reaches nobody', () => {
  const connect = (host: string, port: number): string =>
    `perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(PeerAddr=>"${host}",PeerPort=>${port},Timeout=>2) ? "REA"."CHED\\n" : "no: $!\\n"'`

  it.each([
    ['an address of the internet', '1.1.1.1', 443],
    ['the metadata service', '169.254.169.254', 80],
    ['a name', 'example.com', 80],
  ])('not %s', async (_, host, port) => {
    expect(await outputOf(`${connect(host, port)}; true`)).not.toContain('REACHED')
  })

  it('not the server itself, nor anything else that listens on this machine', async () => {
    const { port } = new URL(errand.url)
    const reached: unknown[] = []
    const listener = createServer((socket) => reached.push(socket.remoteAddress))
    await new Promise<void>((resolve) => listener.listen(0, '0.0.0.0', resolve))
    const open = (listener.address() as { port: number }).port

    const output = await outputOf(
      `${connect('127.0.0.1', Number(port))}; ${connect('127.0.0.1', open)}; ${connect('0.0.0.0', open)}; true`,
    )
    listener.close()

    expect(output).not.toContain('REACHED')
    expect(reached).toEqual([])
  })

  it('not with git either', async () => {
    const output = await outputOf(
      `git ls-remote ${errand.url}/acme/other.git 2>&1; git fetch origin 2>&1; git remote -v; true`,
    )

    expect(output).not.toMatch(/refs\/heads|@|ghs_|x-access-token/)
  })
})

it('still does an honest task afterwards', async () => {
  const task = await completeTask(errand.client, 'acme/sums', {
    prompt: scriptPrompt('echo honest >> README.md'),
    model: 'script',
  })

  expect(artifactOf(task, 'branch')).toBeDefined()
})
