import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { gitText } from '../git/git.ts'
import { initRepository } from '../repositories/create-repository.ts'
import { commitTree } from '../git/commits.ts'
import { languageOfCommit } from './commit-language.ts'
import { languageOfPath } from './names.ts'

let gitDir: string

beforeAll(async () => {
  gitDir = join(await mkdtemp(join(tmpdir(), 'errand-language-')), 'repository.git')
  await initRepository(gitDir, 'main')
})
afterAll(() => rm(join(gitDir, '..'), { recursive: true, force: true }))

const writeBlob = (text: string) =>
  gitText(['hash-object', '-w', '--stdin'], { gitDir, input: text })
const writeTree = (lines: string[]) =>
  gitText(['mktree', '-z'], { gitDir, input: lines.map((line) => `${line}\u0000`).join('') })
const commit = (tree: string) =>
  commitTree(gitDir, {
    tree,
    parents: [],
    message: 'feat: begin\n',
    author: { name: 'A', email: 'a@example.com' },
  })

it.each([
  ['src/main.TS', 'TypeScript'],
  ['lib/x.d.ts', undefined],
  ['Dockerfile', 'Dockerfile'],
  ['a/CMakeLists.txt', 'CMake'],
  ['vendor/github.com/x/y.go', undefined],
  ['web/node_modules/x/index.js', undefined],
  ['docs/conf.py', undefined],
  ['src/docs/page.py', 'Python'],
  ['jquery.min.js', undefined],
  ['README.md', undefined],
  ['package.json', undefined],
  ['a.b/noend', undefined],
  ['.gitignore', undefined],
  ['x.constructor', undefined],
])('%s is of the language %s', (path, language) => {
  expect(languageOfPath(path)).toBe(language)
})

it('a commit is of the language most bytes are in, links and submodules aside', async () => {
  const small = await writeBlob('x\n')
  const large = await writeBlob('x'.repeat(100))
  const tree = await writeTree([
    `100644 blob ${small}\ta.py`,
    `100644 blob ${small}\tb.py`,
    `100644 blob ${large}\tc.rb`,
    `120000 blob ${await writeBlob('y'.repeat(500))}\td.go`,
    `160000 commit ${'1'.repeat(40)}\te.rs`,
    `100644 blob ${large}\tline\nbreak\t.txt`,
  ])

  expect(await languageOfCommit(gitDir, await commit(tree))).toBe('Ruby')
})

it('a tree that says it has a thousand million million files is soon done with', async () => {
  let tree = await writeTree([`100644 blob ${await writeBlob('x\n')}\ta.py`])
  for (let depth = 0; depth < 15; depth += 1) {
    const inner = tree
    tree = await writeTree(Array.from({ length: 10 }, (_, at) => `040000 tree ${inner}\t${at}`))
  }

  expect(await languageOfCommit(gitDir, await commit(tree))).toBe('Python')
})

it('a commit that cannot be read has none', async () => {
  expect(await languageOfCommit(gitDir, '2'.repeat(40))).toBeNull()
})
