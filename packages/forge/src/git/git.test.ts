import { execFile } from 'node:child_process'
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { createCheckout } from '../testing/create-checkout.ts'
import { changedFiles, withPatches } from './changed-files.ts'
import { commitTree, listCommits, listRange, readCommit } from './commits.ts'
import { commitPatch, cutDiff, emptyTree } from './diff.ts'
import { git, GitFailed, GitOutputTooLarge, gitText, runGit } from './git.ts'
import { mergedTree, rebasedCommit } from './merge.ts'
import {
  isRefName,
  isWritableRef,
  listRefs,
  moveRef,
  noObject,
  readRef,
  resolveBranch,
  resolveCommit,
} from './refs.ts'
import { submoduleUrl } from './submodules.ts'
import { readEntry, treeWith } from './trees.ts'

describe('a run of git', () => {
  it('ends with more output than is taken, or cuts it where asked to', async () => {
    await using checkout = await createCheckout()
    await checkout.commit('big', { big: 'x'.repeat(100_000) })
    const options = { gitDir: checkout.gitDir, limitBytes: 1000 }

    await expect(git(['cat-file', 'blob', 'HEAD:big'], options)).rejects.toThrow(GitOutputTooLarge)
    const cut = await runGit(['cat-file', 'blob', 'HEAD:big'], options)

    expect([cut.isCut, cut.output.length]).toEqual([true, 1000])
  })

  it('ends when it takes too long, and when it is aborted', async () => {
    await using checkout = await createCheckout()
    const { gitDir } = checkout
    // Nobody writes into it: a reader waits for ever.
    const pipe = join(checkout.folder, 'pipe')
    await promisify(execFile)('mkfifo', [pipe])
    const waiting = ['hash-object', pipe]
    const aborting = new AbortController()

    const runs = Promise.allSettled([
      git(waiting, { gitDir, timeoutMs: 50 }),
      git(waiting, { gitDir, signal: aborting.signal }),
    ])
    aborting.abort()

    expect(await runs).toMatchObject([
      { reason: { name: 'GitFailed', code: null } },
      { reason: { name: 'AbortError' } },
    ])
  })

  it('tells why it failed, without the password of a URL', async () => {
    const failed = git(['ls-remote', 'http://ann:secret@127.0.0.1:1/x'], {})

    const error = await failed.catch((thrown: unknown) => thrown)

    expect(error).toBeInstanceOf(GitFailed)
    expect(String(error)).toContain('127.0.0.1')
    expect(String(error)).not.toContain('secret')
  })

  it('knows no settings but its own', async () => {
    const settings = await gitText(['config', '--list', '--show-scope'])

    expect(settings).toContain('core.hookspath=/dev/null')
    expect(settings).not.toMatch(/^(system|global)/m)
  })
})

describe('the name of a ref', () => {
  it.each(['main', 'a/b', 'v1.0', 'ünïcode', 'a-b_c', 'x@y', 'feature/#1'])('may be %j', (name) => {
    expect(isRefName(name)).toBe(true)
  })

  it.each([
    '',
    '-x',
    '/a',
    'a/',
    'a//b',
    'a..b',
    '.a',
    'a/.b',
    'a.lock',
    'a.lock/b',
    'a.',
    '@',
    'a@{1}',
    'a b',
    'a~1',
    'a^',
    'a:b',
    'a?',
    'a*',
    'a[',
    'a\\b',
    'a\nb',
    'a\u0000b',
    'a\u007fb',
    'x'.repeat(300),
    'é'.repeat(150),
  ])('may not be %j', (name) => {
    expect(isRefName(name)).toBe(false)
  })

  it('is accepted and refused as git does', async () => {
    const names = [
      'main',
      'a/b',
      'a..b',
      '.a',
      'a.lock',
      'a@{1}',
      'a~1',
      'a^',
      'a\\b',
      'a.',
      'a//b',
      'x@y',
    ]

    const byGit = await Promise.all(
      names.map((name) =>
        gitText(['check-ref-format', `refs/heads/${name}`]).then(
          () => true,
          () => false,
        ),
      ),
    )

    expect(names.map((name) => isRefName(`refs/heads/${name}`))).toEqual(byGit)
  })

  it.each(['refs/pull/1/head', 'refs/heads/', 'HEAD', 'refs/heads/-x', 'refs/notes/x', 'heads/x'])(
    'is not for callers to write when it is %s',
    (name) => {
      expect(isWritableRef(name)).toBe(false)
    },
  )
})

describe('a ref', () => {
  it('is the one of exactly that name, and no other that git would try', async () => {
    await using checkout = await createCheckout()
    const sha = await checkout.commit('one', { a: '1' })
    await checkout.git('update-ref', 'refs/heads/refs/heads/trap', sha)
    await checkout.git('update-ref', 'refs/heads/deep/er', sha)
    const { gitDir } = checkout

    expect(await readRef(gitDir, 'refs/heads/trap')).toBeUndefined()
    expect(await readRef(gitDir, 'refs/heads/deep')).toBeUndefined()
    expect(await readRef(gitDir, 'refs/heads/main')).toMatchObject({ sha, type: 'commit' })
    expect(await listRefs(gitDir, ['refs/heads/deep'])).toHaveLength(1)
  })

  it('is found as a commit by branch, tag, id and what GitHub also takes', async () => {
    await using checkout = await createCheckout()
    const sha = await checkout.commit('one', { a: '1' })
    await checkout.git('tag', '-a', '-m', 'tag', 'v1')
    const { gitDir } = checkout
    const names = [
      'main',
      'v1',
      'HEAD',
      'heads/main',
      'tags/v1',
      'refs/heads/main',
      sha,
      sha.slice(0, 8),
    ]

    const found = await Promise.all(names.map((name) => resolveCommit(gitDir, name)))
    const none = await Promise.all(
      ['other', '-x', 'main~0', 'main^{tree}', ':/one', 'deadbeef', `${sha}:a`].map((name) =>
        resolveCommit(gitDir, name),
      ),
    )

    expect(new Set(found)).toEqual(new Set([sha]))
    expect(new Set(none)).toEqual(new Set([undefined]))
  })

  it('of a branch is found loose, packed, and moved since it was packed', async () => {
    await using checkout = await createCheckout()
    const one = await checkout.commit('one', { a: '1' })
    await checkout.git('branch', 'deep/er')
    await checkout.git('tag', '-a', '-m', 'tag', 'v1')
    const { gitDir } = checkout
    const find = (...names: string[]) =>
      Promise.all(names.map((name) => resolveBranch(gitDir, name)))

    const loose = await find('main', 'deep/er', 'deep', 'deep/er/est', 'e', '../tags/v1', 'v1')
    await checkout.git('pack-refs', '--all')
    const packed = await find('main', 'deep/er', 'deep', 'deep/er/est', 'e', '../tags/v1', 'v1')
    const two = await checkout.commit('two', { a: '2' })

    expect(loose).toEqual([one, one, ...Array<undefined>(5).fill(undefined)])
    expect(packed).toEqual(loose)
    expect(await find('main', 'deep/er')).toEqual([two, one])
  })

  it('moves only from where it is believed to be', async () => {
    await using checkout = await createCheckout()
    const one = await checkout.commit('one', { a: '1' })
    const two = await checkout.commit('two', { a: '2' })
    const { gitDir } = checkout
    const ref = 'refs/heads/other'

    expect(await moveRef(gitDir, ref, one, noObject)).toBe(true)
    expect(await moveRef(gitDir, ref, two, noObject)).toBe(false)
    expect(await moveRef(gitDir, ref, two, two)).toBe(false)
    expect(await moveRef(gitDir, `${ref}/below`, two, noObject)).toBe(false)
    expect(await moveRef(gitDir, ref, two, one)).toBe(true)
    expect(await moveRef(gitDir, ref, noObject, two)).toBe(true)
    expect(await readRef(gitDir, ref)).toBeUndefined()
  })
})

describe('changed files', () => {
  it('are told with their lines and patches, whatever they are called', async () => {
    await using checkout = await createCheckout()
    const lines = Array.from({ length: 20 }, (_, at) => `line ${at}\n`).join('')
    const from = await checkout.commit('one', {
      'na"me': lines,
      'gone.txt': 'bye\n',
      plain: 'x\n',
      'run.sh': 'echo\n',
      'bin.dat': Buffer.from([0, 1, 2]),
    })
    await checkout.git('mv', 'na"me', 'tab\tnew\nline')
    await chmod(join(checkout.folder, 'run.sh'), 0o755)
    await checkout.git('rm', '-q', 'plain')
    await symlink('run.sh', join(checkout.folder, 'plain'))
    const to = await checkout.commit('two', {
      'tab\tnew\nline': `${lines}more\n`,
      'gone.txt': null,
      ':starts (oddly)': 'diff --git a/plain b/plain\n--- a/plain\n',
      'bin.dat': Buffer.from([0, 3]),
    })

    const files = await changedFiles(checkout.gitDir, from, to)
    const patched = await withPatches(checkout.gitDir, from, to, files)

    expect(Object.fromEntries(patched.map((file) => [file.filename, file]))).toMatchObject({
      'tab\tnew\nline': {
        status: 'renamed',
        previous_filename: 'na"me',
        additions: 1,
        deletions: 0,
        patch: expect.stringMatching(/^@@ .*\n(.*\n)*\+more$/),
      },
      'gone.txt': { status: 'removed', deletions: 1, patch: '@@ -1 +0,0 @@\n-bye' },
      ':starts (oddly)': {
        status: 'added',
        additions: 2,
        patch: '@@ -0,0 +1,2 @@\n+diff --git a/plain b/plain\n+--- a/plain',
      },
      plain: { status: 'changed', patch: expect.stringContaining('+run.sh') },
      'run.sh': { status: 'modified', additions: 0, deletions: 0 },
      'bin.dat': { status: 'modified', additions: 0, deletions: 0 },
    })
    expect(patched.filter((file) => file.patch === undefined).map((file) => file.filename)).toEqual(
      ['bin.dat', 'run.sh'],
    )
  })

  it('have each its own patch also when only some are asked for', async () => {
    await using checkout = await createCheckout()
    const from = await checkout.commit('one', { a: '1\n', b: '2\n', 'c/d': '3\n' })
    const to = await checkout.commit('two', { a: '1a\n', b: '2a\n', 'c/d': '3a\n' })
    const all = await changedFiles(checkout.gitDir, from, to)

    const some = await withPatches(checkout.gitDir, from, to, all.slice(1))

    expect(some.map((file) => file.patch)).toEqual(['@@ -1 +1 @@\n-2\n+2a', '@@ -1 +1 @@\n-3\n+3a'])
  })

  it('of a first commit are all its files, and it can be sent as a mail', async () => {
    await using checkout = await createCheckout()
    const sha = await checkout.commit('one', { a: '1\n' })

    const files = await changedFiles(checkout.gitDir, emptyTree, sha)
    const mail = (await commitPatch(checkout.gitDir, sha)).toString()

    expect(files).toMatchObject([{ filename: 'a', status: 'added' }])
    expect(mail).toMatch(/^From .*\nFrom: Ann <ann@example.com>\n/)
    expect(mail).toContain('+1')
  })

  it('are cut in a long diff, which then says so', async () => {
    await using checkout = await createCheckout()
    const from = await checkout.commit('one', {})
    const to = await checkout.commit('two', { long: 'é'.repeat(10_000) })

    const cut = await cutDiff(checkout.gitDir, from, to, 1000)

    expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(1000)
    expect(cut).not.toContain('\ufffd')
    expect(cut).toMatch(/was cut here\.\]\n$/)
    expect(await cutDiff(checkout.gitDir, from, to, 1_000_000)).not.toContain('was cut')
  })
})

describe('commits', () => {
  it('are listed by path, person and time, all taken literally', async () => {
    await using checkout = await createCheckout()
    const { gitDir } = checkout
    await checkout.commit('one', { a: '1', '*': 'star' })
    const sha = await checkout.commit('two\n\nwith a body\u0001 and more', { b: '2' })
    const messages = async (filter: object) =>
      (await listCommits(gitDir, sha, { limit: 10, ...filter })).map(
        ({ message }) => message.split('\n')[0],
      )

    expect(await messages({})).toEqual(['two', 'one'])
    expect(await messages({ path: 'b' })).toEqual(['two'])
    expect(await messages({ path: '*' })).toEqual(['one'])
    expect(await messages({ author: 'ANN@example' })).toEqual(['two', 'one'])
    expect(await messages({ author: '.*' })).toEqual([])
    expect(await messages({ since: '2090-01-01T00:00:00Z' })).toEqual([])
    expect((await readCommit(gitDir, sha)).message).toBe('two\n\nwith a body\u0001 and more')
  })

  it('of a range come oldest first, in pages', async () => {
    await using checkout = await createCheckout()
    const base = await checkout.commit('0', { a: '0' })
    for (const name of ['1', '2', '3']) await checkout.commit(name, { a: name })

    const page = await listRange(checkout.gitDir, `${base}..main`, { skip: 1, limit: 2 })

    expect(page.total).toBe(3)
    expect(page.commits.map(({ message }) => message)).toEqual(['2', '3'])
  })
})

describe('a merge', () => {
  async function diverge(ours: Record<string, string>, theirs: Record<string, string>[]) {
    const checkout = await createCheckout()
    await checkout.commit('base', { a: '1\n2\n3\n4\n5\n', b: 'b\n' })
    await checkout.git('checkout', '-q', '-b', 'head')
    for (const [at, files] of theirs.entries()) await checkout.commit(`theirs ${at}`, files)
    const head = await checkout.git('rev-parse', 'HEAD')
    await checkout.git('checkout', '-q', 'main')
    return { checkout, head, base: await checkout.commit('ours', ours) }
  }

  it('has the changes of both sides, and none where they conflict', async () => {
    const fine = await diverge({ b: 'ours\n' }, [{ a: 'x\n2\n3\n4\n5\n' }])
    const bad = await diverge({ a: 'y\n2\n3\n4\n5\n' }, [{ a: 'x\n2\n3\n4\n5\n' }])
    await using _ = fine.checkout
    await using __ = bad.checkout

    const tree = await mergedTree(fine.checkout.gitDir, fine.base, fine.head)

    expect(await fine.checkout.git('show', `${tree}:a`)).toContain('x')
    expect(await fine.checkout.git('show', `${tree}:b`)).toBe('ours')
    expect(await mergedTree(bad.checkout.gitDir, bad.base, bad.head)).toBeUndefined()
  })

  it('by replay keeps commits and authors, one after the other on the base', async () => {
    const { checkout, head, base } = await diverge({ b: 'ours\n' }, [
      { a: 'x\n2\n3\n4\n5\n' },
      { a: 'x\n2\n3\n4\ny\n' },
    ])
    await using _ = checkout
    const committer = { name: 'Bob', email: 'bob@example.com' }

    const tip = await rebasedCommit(checkout.gitDir, base, head, committer)

    const log = await checkout.git('log', '--format=%s|%an|%cn|%ad', `${base}..${tip}`)
    const before = await checkout.git('log', '--format=%s|%an|Bob|%ad', `main..head`)
    expect(log).toBe(before)
    expect(await checkout.git('rev-parse', `${tip}~2`)).toBe(base)
    expect(await checkout.git('show', `${tip}:a`)).toBe('x\n2\n3\n4\ny')
    expect(await checkout.git('show', `${tip}:b`)).toBe('ours')
  })

  it('by replay fails where one of the commits conflicts', async () => {
    const { checkout, head, base } = await diverge({ a: 'ours\n' }, [{ a: 'theirs\n' }])
    await using _ = checkout

    const tip = await rebasedCommit(checkout.gitDir, base, head, { name: 'B', email: 'b@b' })

    expect(tip).toBeUndefined()
  })
})

describe('a tree', () => {
  it('gets and loses a file without touching the others', async () => {
    await using checkout = await createCheckout()
    const { gitDir } = checkout
    const sha = await checkout.commit('one', { 'a/b/c': '1', 'a/d': '2', 'tab\there': '3', e: '4' })
    const blob = await gitText(['hash-object', '-w', '--stdin'], { gitDir, input: 'new' })
    const author = { name: 'A', email: 'a@a' }
    const paths = async (tree: string | undefined) => {
      const commit = await commitTree(gitDir, {
        tree: tree ?? '',
        parents: [],
        message: 'x',
        author,
      })
      return (await gitText(['ls-tree', '-r', '-z', '--name-only', commit], { gitDir }))
        .split('\u0000')
        .filter((path) => path !== '')
    }
    const put = { sha: blob, mode: '100644' }

    expect(await paths(await treeWith(gitDir, sha, 'a/x/y', put))).toEqual([
      'a/b/c',
      'a/d',
      'a/x/y',
      'e',
      'tab\there',
    ])
    expect(await paths(await treeWith(gitDir, sha, 'a/b/c', undefined))).toEqual([
      'a/d',
      'e',
      'tab\there',
    ])
    expect(await treeWith(gitDir, sha, 'e/f', put)).toBeUndefined()
    expect(await readEntry(gitDir, sha, 'tab\there')).toMatchObject({ type: 'blob', size: 1 })
    expect(await readEntry(gitDir, sha, 'a/*')).toBeUndefined()
  })

  it.each([
    ['https://example.com/lib.git', 'https://example.com/lib.git'],
    ['git@example.com:me/lib.git', 'ssh://git@example.com/me/lib.git'],
    ['../lib', 'http://host/acme/lib'],
  ])('tells where a submodule of %s comes from', async (url, expected) => {
    await using checkout = await createCheckout()
    await mkdir(join(checkout.folder, 'deps'))
    await writeFile(
      join(checkout.folder, '.gitmodules'),
      `[submodule "a"]\n\tpath = deps/other\n\turl = /x\n[submodule "x.y"]\n\tpath = deps/lib\n\turl = ${url}\n`,
    )
    const sha = await checkout.commit('one', {})

    expect(await submoduleUrl(checkout.gitDir, sha, 'deps/lib', 'http://host/acme/shop')).toBe(
      expected,
    )
    expect(
      await submoduleUrl(checkout.gitDir, sha, 'deps', 'http://host/acme/shop'),
    ).toBeUndefined()
  })
})
