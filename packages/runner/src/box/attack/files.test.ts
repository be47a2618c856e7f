import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

import { describe, expect, it } from 'vitest'

import { openTestBox } from '../testing/open-test-box.ts'

describe('an agent that reads what is not its own', () => {
  it('finds no shadow, no host users and no host home', async () => {
    await using test = await openTestBox()

    // Node's binary is bound from where it is, maybe in somebody's home: the way to it is there.
    const result = await test.agent(`
      cat /etc/shadow /etc/shadow- /etc/gshadow
      ls -A /var/lib /var/log /etc/ssh /sys
      find /root /home /mnt /srv /media /var /opt /tmp -xdev -type f ! -path ${process.execPath} \
        ! -path '/opt/errand-launcher/*'
      cat /etc/passwd`)

    expect(result.stdout).toBe('agent:x:1000:1000:agent:/home/agent:/bin/bash\n')
  })

  it('finds no other workspace, neither by path nor by a link it made', async () => {
    await using test = await openTestBox()
    const other = join(test.folder, 'other-workspace')
    await mkdir(other)
    await writeFile(join(other, 'secret'), 'of another')
    await symlink(other, join(test.workspaceDir, 'link'))

    const result = await test.agent(
      `cat ${other}/secret link/secret /proc/1/root${other}/secret /proc/self/root${other}/secret`,
    )

    expect(result.stdout).toBe('')
    expect(result.code).not.toBe(0)
  })

  it('finds no environment of the runner, in no process', async () => {
    await using test = await openTestBox()

    // The test runner's own variables are in the environment of the process that opens the box.
    const result = await test.agent(`
      wc -c < /proc/1/environ
      cat /proc/*/environ | tr '\\0' '\\n' | grep -E '^(VITEST|NODE_ENV)'; true`)

    expect(result.stdout).toBe('0\n')
  })

  it('inherits no open file of the runner, nor of who started the runner', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'errand-inherited-'))
    const secret = openSync(join(folder, 'secret'), 'w+')
    const script = 'for fd in /proc/self/fd/*; do readlink $fd; done; true'
    // Beyond the first gap among the numbers, where Node no longer looks by itself.
    const stdio: (number | 'ignore' | 'pipe')[] = ['ignore', 'pipe', 'inherit' as 'pipe']
    stdio[30] = secret

    const runner = spawn(
      process.execPath,
      [
        '--conditions=errand-source',
        new URL('../testing/runner.ts', import.meta.url).pathname,
        `readlink /proc/$PPID/fd/30; ${script}`,
      ],
      { stdio: Array.from(stdio, (entry) => entry ?? 'ignore') },
    )
    const outputs = JSON.parse(await text(runner.stdout!)) as string[]

    expect(outputs).toHaveLength(2)
    for (const output of outputs) {
      const files = output.trim().split('\n')
      expect(files.filter((file) => !/^(socket:\[\d+\]|\/dev\/null)$/.test(file))).toEqual([])
      expect(files.filter((file) => file.startsWith('socket'))).toHaveLength(3)
      expect(files).toContain('/dev/null')
    }
    closeSync(secret)
    await rm(folder, { recursive: true })
  })

  it('sees no processes but those of the box', async () => {
    await using test = await openTestBox()

    const result = await test.agent(`cat /proc/[0-9]*/comm | sort -u`)

    const own = ['MainThread', 'bwrap', 'cat', 'node', 'sh', 'sort']
    expect(result.stdout).toContain('bwrap')
    expect(
      result.stdout
        .trim()
        .split('\n')
        .filter((name) => !own.includes(name)),
    ).toEqual([])
  })
})

describe('an agent that writes what it may not', () => {
  it('changes nothing of the mirror, the system, the launcher or a read-only path', async () => {
    const modules = new URL('../../../../../node_modules', import.meta.url).pathname
    await using test = await openTestBox({ readOnlyPaths: [modules] })
    await writeFile(join(test.mirrorDir, 'HEAD'), 'trusted')

    const result = await test.agent(`
      for path in /mirror/HEAD /usr/bin/env ${modules}/vitest/package.json /etc/passwd /etc/hosts \\
        /opt/errand-launcher/inside/launcher.ts /opt/errand-launcher/package.json; do
        test -e $path || echo missing $path
        echo evil 2>/dev/null >> $path && echo wrote $path
        rm -f $path 2>/dev/null && echo removed $path
        mv /tmp/x $path 2>/dev/null && echo replaced $path
      done
      for folder in / /usr /etc /dev /home /var /mirror /opt ${modules}; do
        touch $folder/evil 2>/dev/null && echo made a file in $folder
      done
      chmod u+w /mirror /mirror/HEAD 2>/dev/null && echo opened the mirror
      test -S /run/errand/4010.sock || echo missing the socket
      rm -f /run/errand/4010.sock 2>/dev/null && echo removed the socket; true`)

    expect(result.stdout).toBe('')
    expect(await readFile(join(test.mirrorDir, 'HEAD'), 'utf8')).toBe('trusted')
    expect(await readdir(test.mirrorDir)).toEqual(['HEAD'])
  })

  it('gains nothing by setuid programs, the host’s or its own', async () => {
    await using test = await openTestBox()

    const result = await test.agent(`
      su -c 'echo root by su' root </dev/null
      cp /usr/bin/id ./own-id && chmod 6755 ./own-id && ./own-id -u
      newgrp root </dev/null; mount -t tmpfs none /tmp && echo mounted
      grep NoNewPrivs /proc/self/status`)

    expect(result.stdout).toBe('1000\nNoNewPrivs:\t1\n')
  })

  it('leaves no file of root’s and no device on the host', async () => {
    await using test = await openTestBox()

    const result = await test.agent(`
      mknod disk b 254 0; mknod null c 1 3; chown 0:0 . ; touch mine; chown root mine; ls`)

    const { uid } = await stat(join(test.workspaceDir, 'mine'))
    expect(uid).not.toBe(0)
    expect(result.stdout).toBe('mine\n')
  })
})
