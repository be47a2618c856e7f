import { describe, expect, it } from 'vitest'

import { filesNamed, type KeyParts, layerKey } from './layer-key.ts'

const blobs = new Map([
  ['package-lock.json', 'a1'],
  ['web/package-lock.json', 'a2'],
  ['script/setup', 'b1'],
  ['src/main.ts', 'c1'],
  ['src/deep/more.ts', 'c2'],
  ['web/build.js', 'd1'],
  ['README.md', 'e1'],
])
const parts: KeyParts = {
  repository: { id: 7 },
  branch: { name: 'errand/x' },
  text: 'steps: [{ run: ./script/setup }]',
  tree: { commit: 'f1', blobs },
  values: { environment: { TOKEN: 'one' } },
}
const withBlob = (path: string, id: string): KeyParts => ({
  ...parts,
  tree: { commit: 'f2', blobs: new Map([...blobs, [path, id]]) },
})

describe('results of steps are found again', () => {
  it('by another branch and another commit that has the same of what they depend on', () => {
    const other = { ...withBlob('README.md', 'e2'), branch: { name: 'errand/y' } }

    expect(layerKey('k', other)).toBe(layerKey('k', parts))
  })

  it.each<[string, Partial<KeyParts>]>([
    ['repository', { repository: { id: 8 } }],
    ['steps file', { text: 'steps: [{ run: script/setup }]' }],
    ['secret or variable', { values: { environment: { TOKEN: 'two' } } }],
    ['name of one', { values: { environment: { OTHER: 'one' } } }],
    ['lock file', withBlob('package-lock.json', 'a9')],
    ['lock file of a folder', withBlob('web/package-lock.json', 'a9')],
    ['new lock file', withBlob('api/Cargo.lock', 'a9')],
    ['file that a step runs', withBlob('script/setup', 'b9')],
  ])('not with another %s', (_what, changed) => {
    expect(layerKey('k', { ...parts, ...changed })).not.toBe(layerKey('k', parts))
  })

  it('not on another commit, where the steps look at it', () => {
    const looking = { ...parts, text: 'run: echo ${{ github.sha }}' }
    const later = { ...looking, tree: { ...parts.tree, commit: 'f9' } }

    expect(layerKey('k', later)).not.toBe(layerKey('k', looking))
  })

  it('not by who has the data folder and tries values: the key is a secret of its own', () => {
    expect(layerKey('other', parts)).not.toBe(layerKey('k', parts))
  })
})

it.each([
  ['run: npm ci', []],
  ['run: cat src/main.ts', ['src/main.ts']],
  ['# depends on src', ['src/deep/more.ts', 'src/main.ts']],
  ["key: ${{ hashFiles('src/**/*.ts') }}", ['src/deep/more.ts', 'src/main.ts']],
  ['working-directory: ./web/\nrun: node build.js', ['web/build.js']],
  ['run: cat ../README.md /etc/README.md', []],
  ['run: |\n  . script/setup\n', ['script/setup']],
  ['run: pip install .', [...blobs.keys()]],
  ['run: pip install ".[dev]"', [...blobs.keys()]],
])('of %j it is what they depend on: %j', (text, named) => {
  const locks = ['package-lock.json', 'web/package-lock.json']
  const expected = new Set([
    ...locks,
    ...named,
    ...(text.includes('./web') ? ['web/build.js'] : []),
  ])

  expect([...filesNamed(text, { blobs })].sort()).toEqual([...expected].sort())
})
