import { mkdir } from 'node:fs/promises'
import { git } from './git.ts'

interface Step {
  message: string
  files: Record<string, string>
  tag?: string
}

/** A small library as it might have grown: tests of its own, a release, a fix and a feature since. */
const history: Step[] = [
  {
    message: 'feat: add numbers',
    files: {
      'package.json': `${JSON.stringify(
        { name: 'sums', version: '1.0.0', type: 'module', scripts: { test: 'node --test' } },
        null,
        2,
      )}\n`,
      'README.md': '# Sums\n\nAdds numbers.\n',
      'src/sum.js': 'export function sum(a, b) {\n  return a + b\n}\n',
      'test/sum.test.js': [
        "import assert from 'node:assert/strict'",
        "import { test } from 'node:test'",
        "import { sum } from '../src/sum.js'",
        '',
        "test('adds two numbers', () => assert.equal(sum(1, 2), 3))",
        '',
      ].join('\n'),
    },
    tag: 'v1.0.0',
  },
  {
    message: 'fix: say in the README what sum returns\n\nIt was asked twice.',
    files: { 'README.md': '# Sums\n\nAdds numbers: `sum(1, 2)` is 3.\n' },
  },
  {
    message: 'feat: multiply numbers',
    files: { 'src/product.js': 'export function product(a, b) {\n  return a * b\n}\n' },
  },
]

/**
 * Makes a bare repository with a real history in a new folder: three commits on `main`, the tag
 * `v1.0.0`, and whatever `files` adds in a commit of its own. By fast-import, since a process for
 * every commit is what most of a test would wait for.
 */
export async function createRepository(
  folder: string,
  files: Record<string, string> = {},
): Promise<void> {
  const steps = [...history]
  if (Object.keys(files).length > 0)
    steps.push({ message: 'chore: add what the test needs', files })
  await mkdir(folder, { recursive: true })
  await git(folder, ['init', '--quiet', '--bare', '--initial-branch=main'])
  await git(folder, ['fast-import', '--quiet'], { input: steps.map(presentStep).join('') })
}

/** One commit in the language of fast-import. */
function presentStep({ message, files, tag }: Step, at: number): string {
  const who = `Ada Example <ada@example.com> ${1_700_000_000 + at * 86_400} +0000`
  const changes = Object.entries(files).map(
    ([path, content]) => `M 100644 inline ${path}\n${data(content)}`,
  )
  return [
    `commit refs/heads/main\nauthor ${who}\ncommitter ${who}\n${data(message)}`,
    ...changes,
    tag === undefined ? '' : `reset refs/tags/${tag}\nfrom refs/heads/main\n\n`,
  ].join('')
}

function data(text: string): string {
  return `data ${Buffer.byteLength(text)}\n${text}\n`
}
