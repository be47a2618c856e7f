import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'

import { git } from '../../testing/test-forge.ts'
import { type Scanned, type ScanOptions, scanSecrets } from './scan-secrets.ts'

// Written apart, so that this file itself holds nothing that looks like a secret.
const token = ['ghp', 'a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8'].join('_')
const awsKey = ['wJalrXUtnFEMIK7MDENG', 'bPxRfiCYzzzzzzzKEYaa'].join('')
const password = 'correct horse battery staple'

let dir: string
let startCommit: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'errand-scan-'))
  await git(dir, 'init', '--quiet', '--initial-branch=main')
  await commit({ 'README.md': '# Sums\n', 'old.txt': `${token}x\n${token}\n` })
  startCommit = await git(dir, 'rev-parse', 'HEAD')
  // As the quarantine has it: what the forge has.
  await git(dir, 'update-ref', 'refs/errand/upstream/0', startCommit)
})
beforeEach(() => git(dir, 'reset', '--quiet', '--hard', startCommit))
afterAll(() => rm(dir, { recursive: true, force: true }))

async function commit(files: Record<string, string | Buffer>, message = 'Work'): Promise<void> {
  for (const [path, content] of Object.entries(files)) await writeFile(join(dir, path), content)
  await commitAll(message)
}

async function commitAll(message = 'Work'): Promise<void> {
  await git(dir, 'add', '--all')
  await git(dir, 'commit', '--quiet', '--allow-empty', '-m', message)
}

async function scan(options: Partial<ScanOptions> = {}): Promise<Scanned> {
  const head = await git(dir, 'rev-parse', 'HEAD')
  return await scanSecrets(head, {
    gitDir: join(dir, '.git'),
    signal: new AbortController().signal,
    startCommit,
    given: [],
    allow: [],
    said: '',
    ...options,
  })
}

const newToken = token.replace('a1B2', 'z9Y8')

it('a large file of zeros is looked through, and what is written between them is found', async () => {
  const zeros = Buffer.alloc(48 * 1024 * 1024)
  zeros.write(Buffer.from(password, 'utf16le').toString('latin1'), 1024, 'latin1')
  await commit({ 'large.bin': zeros })

  const { findings } = await scan({ given: [password] })

  expect(findings).toMatchObject([{ path: 'large.bin' }])
})

describe('a secret in the work is found', () => {
  it.each([
    ['in a file', `const key = '${newToken}'\n`],
    [
      'whatever comments say that scanners obey',
      `// secretlint-disable\nconst key = '${newToken}' // gitleaks:allow\n/* secretlint-disable-line */`,
    ],
    ['at the end of a line of a megabyte', `${'x'.repeat(1_000_000)} ${newToken}`],
    ['in UTF-16, little endian', Buffer.from(`\ufeffkey=${newToken}\n`, 'utf16le')],
    ['in UTF-16, big endian', Buffer.from(`\ufeffkey=${newToken}\n`, 'utf16le').swap16()],
    [
      'among bytes that are no text',
      Buffer.concat([Buffer.alloc(70_000, 0xfe), Buffer.from(` ${newToken} `), Buffer.of(0, 1, 2)]),
    ],
    ['where two of the pieces meet that are looked at', `${'x\n'.repeat(32_760)}${newToken}\n`],
  ])('%s', async (_, content) => {
    await commit({ 'key.ts': content })

    const { findings } = await scan()
    expect(findings).toContainEqual(
      expect.objectContaining({ path: 'key.ts', rule: 'github', severity: 'critical' }),
    )
    expect(JSON.stringify(findings)).not.toContain(newToken.slice(4, 20))
  })

  it('by its line', async () => {
    await commit({ 'key.ts': `${'x\n'.repeat(100_000)}${newToken}\n` })

    expect((await scan()).findings).toMatchObject([{ path: 'key.ts', line: 100_001 }])
  })

  it('that one commit has added and the next has taken away', async () => {
    await commit({ 'key.ts': newToken })
    await commit({ 'key.ts': '' })

    expect((await scan()).findings).toMatchObject([{ path: 'key.ts', line: 1 }])
  })

  it('that came in by a branch that was merged', async () => {
    await git(dir, 'checkout', '--quiet', '-B', 'side')
    await commit({ 'side.ts': newToken })
    await git(dir, 'checkout', '--quiet', 'main')
    await commit({ 'main.ts': 'x' })
    await git(dir, 'merge', '--quiet', '--no-edit', '-s', 'ours', 'side')

    expect((await scan()).findings).toMatchObject([{ path: 'side.ts' }])
  })

  it('in the message of a commit', async () => {
    await commit({ 'a.txt': 'a' }, `Use ${newToken}`)

    const { findings } = await scan()
    expect(findings).toMatchObject([
      { rule: 'github', message: expect.stringContaining('message') },
    ])
    expect(findings[0]).not.toHaveProperty('path')
  })

  it('in the name of a file, which is then told without it', async () => {
    await commit({ [`${newToken}.txt`]: `x ${newToken}` })

    const { findings } = await scan()
    expect(findings).toHaveLength(2)
    expect(JSON.stringify(findings)).not.toContain(newToken.slice(4, 20))
  })

  it('in what a link points to', async () => {
    await symlink(newToken, join(dir, 'link'))
    await commitAll()

    expect((await scan()).findings).toMatchObject([{ path: 'link' }])
  })

  it.each(['a\nb.txt', 'a\u001b[2J.txt', '.npmrc', '..txt', 'a"b\\.txt', '--output=x'])(
    'in a file of the name %j',
    async (name) => {
      await commit({ [name]: `x ${newToken}\n` })

      expect((await scan()).findings).toMatchObject([{ path: name }])
    },
  )

  it('in a file that attributes call binary, filtered, and converted by a program', async () => {
    await git(dir, 'config', 'filter.hide.clean', 'cat')
    await git(dir, 'config', 'diff.hide.textconv', 'true')
    await commit({
      '.gitattributes': '*.ts filter=hide diff=hide -text binary\n',
      'key.ts': newToken,
    })

    expect((await scan()).findings).toMatchObject([{ path: 'key.ts' }])
  })

  it('whose file stands where that is allowed, and elsewhere too', async () => {
    await commit({ 'allowed.ts': newToken, 'key.ts': newToken })

    expect((await scan({ allow: ['allowed.ts'] })).findings).toMatchObject([{ path: 'key.ts' }])
  })
})

describe('a secret that the agent was given is found', () => {
  const secret = `${password}!`
  it.each([
    ['as it is', `let p = "${secret}"`],
    ['in base64', Buffer.from(`user:${secret}`).toString('base64')],
    ['in a URL', `https://x.test/?p=${encodeURIComponent(secret)}`],
    ['in hex', Buffer.from(secret).toString('hex')],
    ['backwards', Buffer.from(Buffer.from(secret).toReversed())],
    ['in UTF-16', Buffer.from(secret, 'utf16le')],
  ])('%s, wherever that is allowed', async (_, content) => {
    await commit({ 'a.txt': content })

    const { findings } = await scan({ given: [secret], allow: ['**'] })
    expect(findings).toMatchObject([{ path: 'a.txt', line: 1, rule: 'given' }])
  })

  it('by a line of it', async () => {
    const key = ['-----BEGIN KEY-----', awsKey, awsKey.toLowerCase(), '-----END KEY-----'].join(
      '\n',
    )
    await commit({ 'a.txt': `-----BEGIN KEY-----\nx\n${awsKey}\n` })

    expect((await scan({ given: [key] })).findings).toMatchObject([{ path: 'a.txt', line: 3 }])
  })
})

describe('nothing is found', () => {
  it('in what was there before, moved and changed around it', async () => {
    await git(dir, 'mv', 'old.txt', 'moved.txt')
    await commit({ 'moved.txt': `more\n${token}\n` })

    expect((await scan()).findings).toEqual([])
  })

  it('where the operator allows it', async () => {
    await commit({ 'fixture.ts': newToken })

    expect((await scan({ allow: ['*.ts'] })).findings).toEqual([])
  })

  it('in what a merge brings that the forge has', async () => {
    await git(dir, 'checkout', '--quiet', '-B', 'upstream')
    await commit({ 'theirs.ts': newToken })
    await git(dir, 'update-ref', 'refs/errand/upstream/1', 'HEAD')
    await git(dir, 'checkout', '--quiet', 'main')
    await commit({ 'main.ts': 'x' })
    await git(dir, 'merge', '--quiet', '--no-edit', 'upstream')

    expect((await scan()).findings).toEqual([])
    await git(dir, 'update-ref', '-d', 'refs/errand/upstream/1')
  })
})

it('gives what was found in what is said, to be masked, and does not call it a finding', async () => {
  await commit({ 'a.txt': 'a' })

  expect(await scan({ said: `curl -u ${newToken}` })).toEqual({ findings: [], values: [newToken] })
})

describe('what cannot be scanned', () => {
  it('never passes for clean: it takes too long', async () => {
    await commit({ 'a.txt': 'a '.repeat(4_000_000) })

    const limits = { timeoutMs: 1, memoryMb: 512 }
    await expect(scan({ limits })).rejects.toThrow('it took longer than')
  })

  it('never passes for clean: it takes too much memory', async () => {
    await commit({ 'a.txt': 'a' })

    const limits = { timeoutMs: 60_000, memoryMb: 1 }
    await expect(scan({ limits })).rejects.toThrow('it took too much memory')
  })

  it('never passes for clean: a file is larger than GitHub takes', async () => {
    await commit({ 'a.bin': Buffer.alloc(101 * 1024 * 1024) })

    await expect(scan()).rejects.toThrow('a file in it is larger than 100 MB')
  })
})
