import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Repository } from '../../repository/repository.ts'
import { bumpVersions, currentVersion, findPlaces } from '../bump-versions.ts'

/** A repository of texts alone: what the editors see of one. */
function repositoryOf(texts: Record<string, string>): Repository {
  const entry = { type: 'file', object: '', sizeBytes: 1 } as const
  return {
    root: '/nowhere',
    commit: '0',
    files: new Map(Object.keys(texts).map((path) => [path, entry])),
    git: () => Promise.reject(new Error('the editors ask git for nothing')),
    readText: (path) => Promise.resolve(texts[path]),
    readTexts: () => Promise.resolve(new Map()),
  }
}

async function bump(texts: Record<string, string>, next: string): Promise<Record<string, string>> {
  const repository = repositoryOf(texts)
  const places = await findPlaces(repository, {})
  const { changes } = await bumpVersions(repository, places, currentVersion(places), next)
  return { ...texts, ...Object.fromEntries(changes.map(({ path, after }) => [path, after])) }
}

const space = fc.stringMatching(/^[ \t]{0,3}$/)
const newline = fc.constantFrom('\n', '\r\n')
const version = fc
  .tuple(fc.nat(99), fc.nat(99), fc.nat(99), fc.constantFrom('', '-rc.1', '-beta.2'))
  .map(([major, minor, patch, pre]) => `${major}.${minor}.${patch}${pre}`)
/** Text that may stand in a comment or a string of any of the formats, versions among it. */
const words = fc.stringMatching(/^[a-z0-9. =:äß]{0,20}$/)

/** For each format: a file around a version, and what else it says that looks like one. */
const formats = {
  'package.json': fc
    .tuple(space, space, newline, words)
    .map(([a, b, n, w]) => [
      `{${n}${a}"dependencies"${b}: {"left": "1.2.3"},${n}${a}"nested": {"version": "1.2.3"},${n}\t"version"${a}:${b}"`,
      `",${a}"description": "${w}"${n}}${n}`,
    ]),
  'Cargo.toml': fc
    .tuple(space, space, newline, words)
    .map(([a, b, n, w]) => [
      `# ${w}${n}[dependencies]${n}version = "1.2.3"${n}${n}[package]${n}name = 'x'${n}${a}version${b}=${a}"`,
      `"${b}# ${w}${n}[profile]${n}version = "1.2.3"${n}`,
    ]),
  'pyproject.toml': fc
    .tuple(space, space, newline, words)
    .map(([a, b, n, w]) => [
      `project.name${a}=${b}"${w}x"${n}project.version${b}=${a}'`,
      `'${n}tool.other.version = "1.2.3"${n}`,
    ]),
  'pom.xml': fc
    .tuple(space, space, newline, words)
    .map(([a, b, n, w]) => [
      `<project>${n}<!-- ${w} <version>1.2.3</version> -->${n}<dependencies><dependency><version>1.2.3</version></dependency></dependencies>${a}<version>${b}`,
      `${a}</version>${n}</project>${n}`,
    ]),
  'Chart.yaml': fc
    .tuple(space, newline, words)
    .map(([, n, w]) => [
      `# ${w}${n}dependencies:${n}  - name: x${n}    version: 1.2.3${n}version: "`,
      `" # ${w}${n}name: kite${n}`,
    ]),
  VERSION: fc.tuple(newline).map(([n]) => ['', n]),
} satisfies Record<string, fc.Arbitrary<string[]>>

describe.each(Object.entries(formats))('%s', (path, around) => {
  it('has its version set and every other byte kept, however it is written', async () => {
    await fc.assert(
      fc.asyncProperty(around, version, version, async ([before, after], from, next) => {
        const edited = await bump({ [path]: `${before}${from}${after}` }, next)

        expect(edited[path]).toBe(`${before}${next}${after}`)
      }),
      { numRuns: 150 },
    )
  })
})

describe('a workspace', () => {
  it('leaves a package alone that has a version of its own, and what requires it', async () => {
    const texts = {
      'package.json': '{"version":"1.0.0","workspaces":["a","b"]}',
      'a/package.json': '{"name":"a","version":"1.0.0","dependencies":{"b":"^3.1.0"}}',
      'b/package.json': '{"name":"b","version":"3.1.0","peerDependencies":{"a":">=1.0.0"}}',
    }

    const edited = await bump(texts, '1.1.0')

    expect(edited).toEqual({
      'package.json': '{"version":"1.1.0","workspaces":["a","b"]}',
      'a/package.json': '{"name":"a","version":"1.1.0","dependencies":{"b":"^3.1.0"}}',
      'b/package.json': '{"name":"b","version":"3.1.0","peerDependencies":{"a":">=1.1.0"}}',
    })
  })

  it('of pnpm is found by its own file, and workspace ranges keep their form', async () => {
    const texts = {
      'package.json': '{"private":true}',
      'pnpm-workspace.yaml': 'packages:\n  - "libs/**"\n',
      'libs/deep/a/package.json': '{"name":"a","version":"0.2.0"}',
      'libs/b/package.json':
        '{"name":"b","version":"0.2.0","dependencies":{"a":"workspace:^0.2.0","x":"workspace:*"}}',
    }

    const edited = await bump(texts, '0.3.0')

    expect(edited['libs/deep/a/package.json']).toBe('{"name":"a","version":"0.3.0"}')
    expect(edited['libs/b/package.json']).toContain('"a":"workspace:^0.3.0","x":"workspace:*"')
  })

  it.each([1, 2])('has its lock file of version %s follow', async (lockfileVersion) => {
    const lock = {
      name: 'r',
      version: '1.0.0',
      lockfileVersion,
      ...(lockfileVersion === 2 && {
        packages: { '': { version: '1.0.0' }, a: { version: '1.0.0' } },
      }),
      dependencies: {
        a: { version: 'file:a', requires: { b: '^1.0.0' } },
        same: { version: '1.0.0' },
      },
    }
    const texts = {
      'package.json': '{"name":"r","version":"1.0.0","workspaces":["a","b"]}',
      'a/package.json': '{"name":"a","version":"1.0.0","dependencies":{"b":"^1.0.0"}}',
      'b/package.json': '{"name":"b","version":"1.0.0"}',
      'package-lock.json': JSON.stringify(lock),
    }

    const edited = JSON.parse(
      (await bump(texts, '1.1.0'))['package-lock.json'] ?? '',
    ) as typeof lock

    expect(edited.version).toBe('1.1.0')
    expect(edited.dependencies).toEqual({
      a: { version: 'file:a', requires: { b: '^1.1.0' } },
      same: { version: '1.0.0' },
    })
    expect(edited.packages?.['']?.version).toBe(lockfileVersion === 2 ? '1.1.0' : undefined)
    expect(edited.packages?.a.version).toBe(lockfileVersion === 2 ? '1.1.0' : undefined)
  })

  it('of Cargo raises versions beside paths, keeps those of others, and knows the lock file', async () => {
    const texts = {
      'Cargo.toml':
        '[package]\nname = "a"\nversion = "0.1.0"\n[workspace]\nmembers = ["b"]\n[dependencies]\nb = { path = "b", version = "=0.1.0" }\nserde = "0.1.0"\n',
      'b/Cargo.toml': '[package]\nname = "b"\nversion = "0.1.0"\n',
      'Cargo.lock':
        '[[package]]\nname = "a"\nversion = "0.1.0"\n\n[[package]]\nname = "b"\nversion = "0.1.0"\nsource = "registry+x"\n',
    }

    const edited = await bump(texts, '0.2.0')

    expect(edited['Cargo.toml']).toContain('version = "=0.2.0" }\nserde = "0.1.0"')
    expect(edited['b/Cargo.toml']).toContain('version = "0.2.0"')
    expect(edited['Cargo.lock']).toContain('name = "a"\nversion = "0.2.0"')
    expect(edited['Cargo.lock']).toContain('name = "b"\nversion = "0.1.0"\nsource')
  })

  it('of Maven has the parent follow in modules, and no parent of another project', async () => {
    const parent = (artifact: string): string =>
      `<project><parent><groupId>g</groupId><artifactId>${artifact}</artifactId><version>2.0.0</version></parent>`
    const texts = {
      'pom.xml': `${parent('spring')}<groupId>g</groupId><artifactId>root</artifactId><version>2.0.0</version><modules><module>m</module><module>../../etc</module></modules></project>`,
      'm/pom.xml': `${parent('root')}<artifactId>m</artifactId><modules><module>n</module></modules></project>`,
      'm/n/pom.xml': `${parent('m')}<artifactId>n</artifactId></project>`,
    }

    const edited = await bump(texts, '2.1.0')

    expect(edited['pom.xml']).toContain('<artifactId>spring</artifactId><version>2.0.0</version>')
    expect(edited['pom.xml']).toContain('<artifactId>root</artifactId><version>2.1.0</version>')
    expect(edited['m/pom.xml']).toContain('<version>2.1.0</version></parent>')
    expect(edited['m/n/pom.xml']).toContain('<version>2.1.0</version></parent>')
  })
})
