import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestForge, type TestForge } from './testing/open-test-forge.ts'

let test: TestForge

beforeAll(async () => {
  test = await openTestForge()
  await test.forge.importRepository(await test.createSource('shop'), 'acme/shop')
})
afterAll(() => test[Symbol.asyncDispose]())

async function call(
  path: string,
  options: { token?: string; body?: object; method?: string } = {},
) {
  const response = await fetch(`${test.url}${path}`, {
    method: options.method ?? (options.body === undefined ? 'GET' : 'POST'),
    redirect: 'manual',
    headers: {
      ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
      ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
  })
  const text = await response.text()
  return { status: response.status, headers: response.headers, text }
}

async function clone(name: string, into: string): Promise<string> {
  await test.git(test.folder, ['clone', '-q', `${test.url}/${name}.git`, into], test.token)
  return join(test.folder, into)
}

async function commit(checkout: string, branch: string, file: string): Promise<void> {
  await test.git(checkout, ['checkout', '-q', '-B', branch, 'origin/main'])
  await promisify(execFile)('bash', ['-c', 'echo "$1" > "$2"', '-', branch, join(checkout, file)])
  await test.git(checkout, ['add', '-A'])
  await test.git(checkout, ['commit', '-qm', `feat: ${branch}`])
}

describe('a token', () => {
  it('is stored only as its hash', async () => {
    const files = await readdir(join(test.folder, 'data', 'forge', 'tokens'))
    const texts = await Promise.all(
      files.map((file) => readFile(join(test.folder, 'data', 'forge', 'tokens', file), 'utf8')),
    )

    expect(files.length).toBeGreaterThan(0)
    expect(texts.join()).not.toContain(test.token)
    expect(files.join()).not.toContain(test.token)
  })

  it('is no longer known once it has expired or was revoked', async () => {
    const user = await test.forge.createUser({ login: 'brief' })
    const expired = await test.forge.createToken({
      user,
      kind: 'classic',
      expires_at: new Date(Date.now() - 1000).toISOString(),
    })
    const revoked = await test.forge.createToken({ user, kind: 'classic' })
    await test.forge.revokeToken(revoked)

    expect((await call('/user', { token: expired })).status).toBe(401)
    expect((await call('/user', { token: revoked })).status).toBe(401)
  })

  it('with only a permission to read cannot push or open a pull request', async () => {
    const user = await test.forge.createUser({ login: 'reader' })
    await test.forge.addCollaborator('acme/shop', user.id, 'write')
    const token = await test.forge.createToken({
      user,
      kind: 'fine_grained',
      permissions: { contents: 'read', pull_requests: 'read' },
    })
    const checkout = await clone('acme/shop', 'reader')
    await commit(checkout, 'reader', 'a.txt')

    await expect(test.git(checkout, ['push', '-q', 'origin', 'reader'], token)).rejects.toThrow(
      /403/,
    )
    const pull = { title: 'x', head: 'reader', base: 'main' }
    const answer = await call('/repos/acme/shop/pulls', { token, body: pull })
    expect(answer.status).toBe(403)
    expect(answer.headers.get('x-accepted-github-permissions')).toBe('pull_requests=write')
  })
})

describe('a private repository', () => {
  beforeAll(async () => {
    await test.forge.importRepository(await test.createSource('secret'), 'acme/secret')
    await call('/repos/acme/secret', {
      token: test.token,
      body: { private: true },
      method: 'PATCH',
    })
  })

  it('is not there for those who may not see it', async () => {
    const stranger = await test.forge.createUser({ login: 'stranger' })
    const token = await test.forge.createToken({ user: stranger, kind: 'classic' })

    expect((await call('/repos/acme/secret', { token })).status).toBe(404)
    expect((await call('/repos/acme/secret')).status).toBe(404)
    await expect(
      test.git(test.folder, ['ls-remote', `${test.url}/acme/secret.git`], token),
    ).rejects.toThrow(/not found|404/)
  })

  it('is there for those who may', async () => {
    expect((await call('/repos/ACME/Secret', { token: test.token })).status).toBe(200)
    await expect(
      test.git(test.folder, ['ls-remote', `${test.url}/acme/secret.git`], test.token),
    ).resolves.toContain('refs/heads/main')
  })
})

describe('a pull request', () => {
  it('goes from a pushed branch to a merge', async () => {
    const checkout = await clone('acme/shop', 'merge')
    await commit(checkout, 'merge-me', 'b.txt')
    await test.git(checkout, ['push', '-q', 'origin', 'merge-me'], test.token)

    const body = { title: 'Merge me', head: 'acme:merge-me', base: 'main' }
    const opened = await call('/repos/acme/shop/pulls', { token: test.token, body })
    const again = await call('/repos/acme/shop/pulls', { token: test.token, body })
    const { number, id } = JSON.parse(opened.text) as { number: number; id: number }
    const merged = await call(`/repos/acme/shop/pulls/${number}/merge`, {
      token: test.token,
      body: {},
      method: 'PUT',
    })

    expect(opened.status).toBe(201)
    expect(id).toBe(number)
    expect(again.status).toBe(422)
    expect(merged.status).toBe(200)
    await test.git(checkout, ['fetch', '-q'])
    expect(await test.git(checkout, ['log', '--format=%s', 'origin/main'])).toContain(
      'feat: merge-me',
    )
  })

  it('in conflict is not mergeable', async () => {
    const checkout = await clone('acme/shop', 'conflict')
    await commit(checkout, 'one', 'same.txt')
    await commit(checkout, 'two', 'same.txt')
    await test.git(checkout, ['push', '-q', 'origin', 'one', 'two'], test.token)
    const open = (head: string) =>
      call('/repos/acme/shop/pulls', {
        token: test.token,
        body: { title: head, head, base: 'main' },
      })
    const numbers = [await open('one'), await open('two')].map(
      (answer) => (JSON.parse(answer.text) as { number: number }).number,
    )
    const merge = (number = 0) =>
      call(`/repos/acme/shop/pulls/${number}/merge`, { token: test.token, body: {}, method: 'PUT' })

    expect((await merge(numbers[0])).status).toBe(200)
    expect((await merge(numbers[1])).status).toBe(405)
  })
})

describe('an attack', () => {
  it.each([
    '/repos/acme/..%2f..%2fetc/contents/passwd',
    '/repos/acme/shop/contents/..%2f..%2f..%2fetc%2fpasswd',
    '/repos/acme/shop/contents/%2e%2e/%2e%2e/config',
    '/repos/acme/shop/git/ref/heads/--upload-pack=x',
    '/repos/acme/shop/branches/-x',
    '/repos/acme/shop/compare/main...--output=x',
    '/acme/shop.git/config',
    '/acme/shop.git/objects/info/packs',
    '/acme/..%2fshop.git/info/refs?service=git-upload-pack',
  ])('by the path %s finds nothing', async (path) => {
    expect((await call(path, { token: test.token })).status).toBe(404)
  })

  it('by a tree that holds .git is refused', async () => {
    const checkout = await clone('acme/shop', 'evil')
    const script = `
      blob=$(echo '[core] fsmonitor=/tmp/x' | git hash-object -w --stdin)
      inner=$(printf '100644 blob %s\\tconfig\\n' $blob | git mktree)
      tree=$(printf '040000 tree %s\\t.git\\n' $inner | git mktree)
      git -c user.name=T -c user.email=t@example.com commit-tree -m evil -p origin/main $tree`
    const { stdout } = await promisify(execFile)('bash', ['-c', script], { cwd: checkout })

    await expect(
      test.git(checkout, ['push', '-q', 'origin', `${stdout.trim()}:refs/heads/evil`], test.token),
    ).rejects.toThrow(/hasDotgit|fsck|unpacker error/)
  })

  it('by pushing something else than a branch or a tag is refused', async () => {
    const checkout = await clone('acme/shop', 'hidden')

    await expect(
      test.git(checkout, ['push', '-q', 'origin', 'HEAD:refs/pull/1/head'], test.token),
    ).rejects.toThrow(/hidden ref/)
  })

  it.each(['ext::sh -c touch% /tmp/pwned', '--upload-pack=touch /tmp/pwned', 'fd::17'])(
    'by importing from %s is refused',
    async (source) => {
      await expect(test.forge.importRepository(source, 'acme/x')).rejects.toThrow(
        'Validation Failed',
      )
    },
  )
})

it('redirects the former name of a repository', async () => {
  await test.forge.importRepository(await test.createSource('before'), 'acme/before')
  await call('/repos/acme/before', { token: test.token, body: { name: 'after' }, method: 'PATCH' })

  const answer = await call('/repos/acme/Before', { token: test.token })

  expect(answer.status).toBe(301)
  expect((await call('/repos/acme/after', { token: test.token })).status).toBe(200)
})

it('leaves nothing of an import that failed', async () => {
  const before = await readdir(join(test.folder, 'data', 'forge', 'repositories'))

  await expect(test.forge.importRepository(test.folder, 'acme/none')).rejects.toThrow(
    'Validation Failed',
  )

  expect(await readdir(join(test.folder, 'data', 'forge', 'repositories'))).toEqual(before)
})
