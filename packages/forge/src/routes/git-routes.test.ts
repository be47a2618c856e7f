import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestForge, type TestForge } from '../testing/open-test-forge.ts'
import { eventually } from '../testing/eventually.ts'

let test: TestForge

beforeAll(async () => {
  test = await openTestForge()
  await test.forge.importRepository(await test.createSource('shop'), 'acme/shop')
})
afterAll(() => test[Symbol.asyncDispose]())

async function lsRemote(name: string, token?: string): Promise<string> {
  return await test.git(test.folder, ['ls-remote', `${test.url}/${name}`], token)
}

/** Programs of git that this process has started, and what those have started. */
async function gitPrograms(): Promise<string[]> {
  const { stdout } = await promisify(execFile)('ps', ['-eo', 'pid=,ppid=,args='])
  const all = stdout
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [])
    .map(([, pid = '', parent = '', command = '']) => ({ pid, parent, command }))
  const ours = new Set([String(process.pid)])
  for (let size = 0; size < ours.size;) {
    size = ours.size
    for (const { pid, parent } of all) if (ours.has(parent)) ours.add(pid)
  }
  return all
    .filter(
      ({ pid, command }) =>
        ours.has(pid) &&
        /http-backend|receive-pack|index-pack|upload-pack|pack-objects/.test(command),
    )
    .map(({ command }) => command)
}

describe('git over HTTP', () => {
  it.each(['acme/shop.git', 'acme/shop', 'ACME/Shop.git', 'acme/SHOP'])(
    'finds a repository by %s',
    async (name) => {
      expect(await lsRemote(name)).toContain('refs/heads/main')
    },
  )

  it('clones whole, shallow, without files, and by each version of the protocol', async () => {
    const options = [[], ['--depth=1'], ['--filter=blob:none'], ['--mirror']]
    for (const [at, option] of options.entries()) {
      await test.git(test.folder, ['clone', '-q', ...option, `${test.url}/acme/shop`, `as-${at}`])
    }
    for (const version of [0, 1, 2]) {
      const config = ['-c', `protocol.version=${version}`]
      const url = `${test.url}/acme/shop`
      await test.git(test.folder, [...config, 'clone', '-q', url, `protocol-${version}`])
    }

    expect(await readFile(join(test.folder, 'as-2', 'README.md'), 'utf8')).toBe('# Hello\n')
    expect(await readFile(join(test.folder, 'protocol-2', 'README.md'), 'utf8')).toBe('# Hello\n')
  })

  it('speaks the version of the protocol that is asked for', async () => {
    const ask = async (headers: Record<string, string>) =>
      (await test.call('GET', '/acme/shop/info/refs?service=git-upload-pack', { headers })).text

    expect(await ask({ 'git-protocol': 'version=2' })).toContain('version 2')
    expect(await ask({})).not.toContain('version 2')
  })

  it('takes a request that is packed', async () => {
    const lines = ['command=ls-refs\n', 'object-format=sha1']
    const packet = (line: string) => (line.length + 4).toString(16).padStart(4, '0') + line
    const body = gzipSync(
      `${lines.map(packet).join('')}0001${packet('ref-prefix refs/heads/\n')}0000`,
    )

    const response = await fetch(`${test.url}/acme/shop/git-upload-pack`, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-git-upload-pack-request',
        'content-encoding': 'gzip',
        'git-protocol': 'version=2',
      },
      body,
    })

    expect(response.status).toBe(200)
    expect(await response.text()).toContain('refs/heads/main')
  })

  it('carries large packs in both directions without holding them', async () => {
    await test.forge.importRepository(await test.createSource('large'), 'acme/large')
    const checkout = await test.clone('acme/large')
    await test.git(checkout, ['checkout', '-q', '-b', 'big'])
    await writeFile(join(checkout, 'big.bin'), randomBytes(40 * 1024 * 1024))
    await test.git(checkout, ['add', '-A'])
    await test.git(checkout, ['commit', '-qm', 'big'])
    const before = process.memoryUsage().rss

    await test.git(checkout, ['push', '-q', 'origin', 'big'], test.token)
    const again = await test.clone('acme/large')
    await test.git(again, ['checkout', '-q', 'big'])

    expect((await readFile(join(again, 'big.bin'))).length).toBe(40 * 1024 * 1024)
    // The two packs together are 80 MB; reading the file for this check took 40.
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024)
  })

  it('makes the first branch of an empty repository its default', async () => {
    await test.forge.createRepository({ owner: 'owner', name: 'empty' })
    const source = await test.createSource('first')
    await test.git(source, ['push', '-q', `${test.url}/owner/empty`, 'HEAD:trunk'], test.token)

    const { json } = await test.call('GET', '/repos/owner/empty')

    expect(json).toMatchObject({ default_branch: 'trunk' })
    expect(await test.clone('owner/empty')).toBeTruthy()
  })

  it('goes on with a connection after a body that git did not read to its end', async () => {
    const { port } = new URL(test.url)
    await using socket = connect(Number(port), '127.0.0.1')
    let answers = ''
    socket.on('data', (chunk: Buffer) => void (answers += chunk.toString()))
    const basic = Buffer.from(`x:${test.token}`).toString('base64')
    const head = (request: string) =>
      `${request} HTTP/1.1\r\nhost: x\r\nuser-agent: x\r\nauthorization: Basic ${basic}\r\n`
    const body = 'no pack, and more than a pipe holds'.repeat(20_000)

    socket.write(
      `${head('POST /acme/shop.git/git-receive-pack')}content-length: ${body.length}\r\n\r\n${body}`,
    )
    socket.write(`${head('GET /acme/shop.git/info/refs?service=git-upload-pack')}\r\n`)

    await eventually(async () => expect(answers).toContain('service=git-upload-pack'))
  })

  it('leads on from a former name', async () => {
    await test.forge.importRepository(await test.createSource('old'), 'acme/old-name')
    await test.call('PATCH', '/repos/acme/old-name', { body: { name: 'new-name' } })

    expect(await lsRemote('acme/old-name.git')).toContain('refs/heads/main')
  })

  it('shows a pull request’s head, which no push can touch', async () => {
    const checkout = await test.clone('acme/shop')
    const sha = await test.commit(checkout, 'shown', { 'shown.txt': '1' })
    await test.git(checkout, ['push', '-q', 'origin', 'shown'], test.token)
    const body = { title: 'Shown', head: 'shown', base: 'main' }
    const { json } = await test.call<{ number: number }>('POST', '/repos/acme/shop/pulls', { body })
    const ref = `refs/pull/${json.number}/head`

    expect(await lsRemote('acme/shop')).toContain(`${sha}\t${ref}`)
    for (const spec of [
      `main:${ref}`,
      `:${ref}`,
      'main:refs/notes/x',
      'main:refs/meta',
      'main:HEAD',
    ]) {
      const pushed = test.git(checkout, ['push', '-q', 'origin', spec], test.token)
      await expect(pushed.then(() => spec)).rejects.toThrow()
    }
    expect(await lsRemote('acme/shop')).toContain(`${sha}\t${ref}`)
  })
})

describe('who may do what over git', () => {
  beforeAll(async () => {
    const options = { private: true }
    await test.forge.importRepository(await test.createSource('secret'), 'acme/secret', options)
  })

  it('is asked for by a challenge where there is no token, or a wrong one', async () => {
    const path = '/acme/secret/info/refs?service=git-upload-pack'
    for (const token of [null, 'ghp_wrong']) {
      const answer = await test.call('GET', path, { token })
      expect(answer.status).toBe(401)
      expect(answer.headers.get('www-authenticate')).toBe('Basic realm="Errand"')
    }
    const push = '/acme/shop/info/refs?service=git-receive-pack'
    expect((await test.call('GET', push, { token: null })).status).toBe(401)
    expect(
      (await test.call('GET', path.replace('secret', 'nothing'), { token: null })).status,
    ).toBe(401)
  })

  it('is told apart no further than GitHub does', async () => {
    const stranger = await test.createUser('stranger')

    const answers = await Promise.all(
      ['acme/secret', 'acme/nothing'].map((name) =>
        test.call('GET', `/${name}/info/refs?service=git-upload-pack`, { token: stranger.token }),
      ),
    )

    expect(answers.map(({ status, text }) => [status, text])).toEqual([
      [404, answers[1]?.text],
      [404, answers[1]?.text],
    ])
  })

  it('is shown by any form of the token', async () => {
    const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`
    const forms = [
      `Bearer ${test.token}`,
      `token ${test.token}`,
      `TOKEN ${test.token}`,
      basic(`x-access-token:${test.token}`),
      basic(`owner:${test.token}`),
      basic(`${test.token}:`),
    ]
    for (const authorization of forms) {
      const url = `${test.url}/acme/secret/info/refs?service=git-upload-pack`
      const { status } = await fetch(url, { headers: { authorization } })
      expect(status).toBe(200)
    }
  })

  it('depends on the role and on the token, for each push', async () => {
    const checkout = await test.clone('acme/shop')
    await test.commit(checkout, 'by-role', { 'role.txt': '1' })
    const reader = await test.createUser('reader')
    const writer = await test.createUser('writer')
    await test.forge.addCollaborator('acme/shop', reader.id, 'triage')
    await test.forge.addCollaborator('acme/shop', writer.id, 'write')
    const readOnly = await test.forge.createToken({
      user: writer,
      kind: 'fine_grained',
      permissions: { contents: 'read' },
    })
    const push = (token?: string) => test.git(checkout, ['push', '-q', 'origin', 'by-role'], token)

    await expect(push()).rejects.toThrow(/could not read Username|401/)
    await expect(push(reader.token)).rejects.toThrow(/403/)
    await expect(push(readOnly)).rejects.toThrow(/403/)
    await expect(push(writer.token)).resolves.toBe('')
    await test.call('PATCH', '/repos/acme/shop', { body: { archived: true } })
    await expect(push(writer.token)).rejects.toThrow(/403/)
    await test.call('PATCH', '/repos/acme/shop', { body: { archived: false } })
  })

  it('ends with the token', async () => {
    const user = await test.createUser('leaver')
    await test.forge.addCollaborator('acme/secret', user.id, 'read')
    expect(await lsRemote('acme/secret', user.token)).toContain('refs/heads/main')

    await test.forge.revokeToken(user.token)

    await expect(lsRemote('acme/secret', user.token)).rejects.toThrow(/could not read Username/)
  })
})

describe('a client that leaves', () => {
  it('in the middle of a push ends git, and leaves the branch free', async () => {
    const checkout = await test.clone('acme/shop')
    await test.git(checkout, ['checkout', '-q', '-b', 'left'])
    await writeFile(join(checkout, 'left.bin'), randomBytes(4 * 1024 * 1024))
    await test.git(checkout, ['add', '-A'])
    await test.git(checkout, ['commit', '-qm', 'left'])

    const socket = await startPush(checkout, 'refs/heads/left')
    await eventually(async () => expect(await gitPrograms()).not.toEqual([]))
    socket.destroy()

    await eventually(async () => expect(await gitPrograms()).toEqual([]))
    expect(await lsRemote('acme/shop')).not.toContain('refs/heads/left')
    await test.git(checkout, ['push', '-q', 'origin', 'left'], test.token)
    expect(await lsRemote('acme/shop')).toContain('refs/heads/left')
    expect(await leftovers()).toEqual([])
  })

  it('in the middle of a clone ends git', async () => {
    const { host, hostname, port } = new URL(test.url)
    const path = '/acme/large/git-upload-pack'
    const head = `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/x-git-upload-pack-request\r\n`
    const wanted = /^(\w+)\trefs\/heads\/big$/m.exec(await lsRemote('acme/large'))?.[1]
    const want = `want ${wanted} side-band-64k\n`
    const body = `${(want.length + 4).toString(16).padStart(4, '0')}${want}00000009done\n`
    const socket = connect(Number(port), hostname)
    // It never reads: the pack stays where it is.
    socket.pause()
    socket.write(`${head}Content-Length: ${body.length}\r\n\r\n${body}`)
    await eventually(async () => expect((await gitPrograms()).join()).toContain('upload-pack'))

    socket.destroy()

    await eventually(async () => expect(await gitPrograms()).toEqual([]))
  })

  /** Sends the beginning of a push by hand, and then waits. */
  async function startPush(checkout: string, ref: string) {
    const { host, hostname, port } = new URL(test.url)
    const sha = await test.git(checkout, ['rev-parse', 'HEAD'])
    const command = `${'0'.repeat(40)} ${sha} ${ref}\0 report-status side-band-64k\n`
    const pack = spawn('git', ['pack-objects', '--revs', '--stdout', '-q'], { cwd: checkout })
    pack.stdin.end(`${sha}\n`)
    const bytes = Buffer.concat(await pack.stdout.toArray())
    const line = `${(command.length + 4).toString(16).padStart(4, '0')}${command}0000`
    const socket = connect(Number(port), hostname)
    socket.write(
      [
        'POST /acme/shop/git-receive-pack HTTP/1.1',
        `Host: ${host}`,
        `Authorization: Bearer ${test.token}`,
        'Content-Type: application/x-git-receive-pack-request',
        `Content-Length: ${line.length + bytes.length}`,
        '',
        line,
      ].join('\r\n'),
    )
    socket.write(bytes.subarray(0, bytes.length / 2))
    return socket
  }

  /** Locks and half packs in any repository. */
  async function leftovers(): Promise<string[]> {
    const root = join(test.folder, 'data', 'forge', 'repositories')
    const names = (await readdir(root, { recursive: true })).map(String)
    return names.filter((name) => /\.lock$|tmp_objdir|tmp_pack|tmp_obj/.test(name))
  }
})

it('a push larger than allowed is refused, and nothing of it is kept', async () => {
  await using small = await openTestForge({ pushLimitBytes: 100_000 })
  await small.forge.importRepository(await small.createSource('shop'), 'acme/shop')
  const checkout = await small.clone('acme/shop')
  await small.git(checkout, ['checkout', '-q', '-b', 'huge'])
  await writeFile(join(checkout, 'huge.bin'), randomBytes(3_000_000))
  await small.git(checkout, ['add', '-A'])
  await small.git(checkout, ['commit', '-qm', 'huge'])

  const push = small.git(checkout, ['push', '-q', 'origin', 'huge'], small.token)

  await expect(push).rejects.toThrow(/exceeds maximum allowed size|unpack/)
  expect(await small.git(small.folder, ['ls-remote', `${small.url}/acme/shop`])).not.toContain(
    'huge',
  )
})
