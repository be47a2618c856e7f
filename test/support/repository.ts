import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
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
 * Makes a repository with a real history in a new folder: three commits on `main`, the tag `v1.0.0`,
 * and whatever `files` adds in a commit of its own.
 */
export async function createRepository(
  folder: string,
  files: Record<string, string> = {},
): Promise<void> {
  await mkdir(folder, { recursive: true })
  await git(folder, ['init', '--quiet', '--initial-branch=main'])
  const steps = [...history]
  if (Object.keys(files).length > 0)
    steps.push({ message: 'chore: add what the test needs', files })
  for (const { message, files: changed, tag } of steps) {
    await writeFiles(folder, changed)
    await git(folder, ['add', '--all'])
    await git(folder, ['commit', '--quiet', '--message', message])
    if (tag !== undefined) await git(folder, ['tag', tag])
  }
}

export async function writeFiles(folder: string, files: Record<string, string>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), content)
  }
}
