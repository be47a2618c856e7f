import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { getPriority, tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

import { describe, expect, it } from 'vitest'

import { boxPaths, gatewayPort } from './index.ts'
import { openTestBox } from './testing/open-test-box.ts'

describe('a box', () => {
  it('finds itself sound from inside', async () => {
    await using test = await openTestBox()

    expect(test.box.level).toBe('full')
    expect(test.box.probe).toMatchObject({
      uid: 1000,
      gid: 1000,
      groups: [],
      no_new_privs: true,
      seccomp_mode: 2,
      foreign_processes: [],
      interfaces: ['lo'],
      reachable: [],
    })
  })

  it('has the workspace, the home, the mirror and the gateway where it says', async () => {
    await using test = await openTestBox()
    await writeFile(join(test.mirrorDir, 'HEAD'), 'ref: refs/heads/main\n')

    const result = await test.agent(
      `pwd; echo $HOME; cat ${boxPaths.mirror}/HEAD; echo mine > ~/note; curl -sS http://127.0.0.1:${gatewayPort}/v1/models`,
    )

    expect(result.stdout).toBe(
      `${boxPaths.workspace}\n${boxPaths.home}\nref: refs/heads/main\ngateway: /v1/models`,
    )
    expect(result).toMatchObject({ code: 0, stderr: '' })
  })

  it('gives back streams, exit code and signal of the agent', async () => {
    await using test = await openTestBox({ env: { COLOUR: 'green' } })

    const first = await test.box.spawnAgent(
      'sh',
      ['-c', 'read x; echo "$x $COLOUR $MORE"; exit 7'],
      {
        MORE: 'yes',
      },
    )
    first.stdin.end('hello\n')
    const second = await test.box.spawnAgent('sh', ['-c', 'kill -USR1 $$'], {})
    const third = await test.box.spawnAgent('sleep', ['1000'], {})
    third.kill('SIGTERM')

    expect(await text(first.stdout)).toBe('hello green yes\n')
    expect(await first.exited).toEqual({ code: 7 })
    expect(await second.exited).toEqual({ signal: 'SIGUSR1' })
    expect(await third.exited).toEqual({ signal: 'SIGTERM' })
  })

  it('says why a program could not be started', async () => {
    await using test = await openTestBox()

    const agent = await test.box.spawnAgent('no-such-agent', [], {})

    expect(await agent.exited).toEqual({ code: 127, error: 'ENOENT' })
  })

  it('runs a command with input, and keeps no more of its output than asked for', async () => {
    await using test = await openTestBox()

    const result = await test.box.run('sh', ['-c', 'cat; seq 100000; echo e >&2; exit 3'], {
      timeoutMs: 10_000,
      maxOutputBytes: 10,
      input: 'input\n',
      cwd: boxPaths.home,
    })

    expect(result).toEqual({
      code: 3,
      stdout: Buffer.from('input\n1\n2\n'),
      stderr: Buffer.from('e\n'),
      truncated: true,
    })
  })

  it('gives a command its environment, whatever is in it, and only what may be there', async () => {
    await using test = await openTestBox({
      env: { QUOTED: `it's "$HOME" \`id\`\n;$(id)`, LAST: 'box' },
    })

    const result = await test.sh('printf "%s|" "$QUOTED" "$LAST" "${go-none}"; env | cut -d= -f1', {
      env: { LAST: 'command' },
    })

    expect(result.stdout).toMatch(`it's "$HOME" \`id\`\n;$(id)|command|none|`)
    await expect(test.sh('true', { env: { 'A B': '1' } })).rejects.toThrow('A B cannot be')
    await expect(test.sh('true', { env: { A: 'x\0--bind' } })).rejects.toThrow('A cannot be')
  })

  it('lets no library of the workspace into what sets the limits', async () => {
    await using test = await openTestBox({
      env: { LD_PRELOAD: '/workspace/evil.so', NODE_OPTIONS: '--require /workspace/evil.js' },
      settings: { open_files: 99 },
    })
    await writeFile(join(test.workspaceDir, 'evil.so'), 'loaded')

    const agent = await test.agent('ulimit -n; echo $LD_PRELOAD')
    const command = await test.sh('ulimit -n; echo $LD_PRELOAD')

    // The loader complains of the library to every program that gets to see it: the shell is the first.
    for (const { stdout, stderr } of [agent, command]) {
      expect(stdout).toBe('99\n/workspace/evil.so\n')
      expect(stderr.match(/evil\.so/g)!.length).toBeLessThanOrEqual(2)
    }
  })

  it('refuses an argument that would become options of the sandbox', async () => {
    await using test = await openTestBox()
    const escape = { cwd: '/workspace\0--bind\0/\0/host' }

    await expect(test.sh('ls /host', escape)).rejects.toThrow('NUL')
  })

  it('stands behind the host for the processor and when memory runs out', async () => {
    await using test = await openTestBox()
    const script = 'nice; cat /proc/self/oom_score_adj'
    // These tests may be run behind others themselves.
    const stdout = `${Math.min(getPriority() + 5, 19)}\n500\n`

    expect(await test.agent(script)).toMatchObject({ stdout })
    expect(await test.sh(script)).toMatchObject({ stdout })
  })

  it('keeps what a command leaves in the workspace for the next one', async () => {
    await using test = await openTestBox()

    await test.sh(
      'git init -q . && git -c user.name=a -c user.email=a@b commit -q --allow-empty -m one',
    )
    const result = await test.agent('git log --format=%s')

    expect(result.stdout).toBe('one\n')
  })

  it('ends a command after its time', async () => {
    await using test = await openTestBox()

    const result = await test.sh('sleep 1000', { timeoutMs: 200 })

    expect(result).toMatchObject({ signal: 'SIGKILL', reason: 'wall_clock' })
  })

  it('ends everything after its own time', async () => {
    await using test = await openTestBox({ wallClockMs: 8000 })

    expect(await test.agent('sleep 1000')).toMatchObject({ reason: 'wall_clock' })
    await expect(async () => test.sh('true')).rejects.toMatchObject({ errorName: 'unavailable' })
  })

  it('closes when its signal is aborted', async () => {
    const controller = new AbortController()
    await using test = await openTestBox({ signal: controller.signal })

    const agent = await test.box.spawnAgent('sleep', ['1000'], {})
    controller.abort()

    expect(await agent.exited).toEqual({ signal: 'SIGKILL', reason: 'closed' })
  })

  it('shows a read-only path of the host at the same place, also one under a closed folder', async () => {
    // mkdtemp makes it for its owner alone: the box's uid cannot walk through it.
    const closed = await mkdtemp(join(tmpdir(), 'errand-closed-'))
    const tools = join(closed, 'tools')
    try {
      await mkdir(tools)
      await writeFile(join(tools, 'tool'), 'a tool\n')
      await using test = await openTestBox({ readOnlyPaths: [tools] })

      const result = await test.agent(`cat ${tools}/tool; ls -A ${closed}; echo x > ${tools}/tool`)

      expect(result.stdout).toBe('a tool\ntools\n')
      expect(result.code).not.toBe(0)
    } finally {
      await rm(closed, { recursive: true })
    }
  })

  it.each(['/', '/etc', '/proc/', '/home', 'relative', '/sys/fs', '/proc/1'])(
    'refuses to show %s',
    async (path) => {
      await expect(openTestBox({ readOnlyPaths: [path] })).rejects.toThrow(/cannot be shown/)
    },
  )

  it('names a path that is missing', async () => {
    await expect(openTestBox({ readOnlyPaths: ['/no/such/tool'] })).rejects.toThrow('/no/such/tool')
  })
})
