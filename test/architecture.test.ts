import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '..')

/** Who may import whom: the arrows of ARCHITECTURE.md. */
const allowedEdges: Record<string, readonly string[]> = {
  contract: [],
  backstage: ['contract'],
  core: ['contract'],
  forge: ['contract'],
  recipes: [],
  policy: [],
  agents: ['contract', 'recipes'],
  server: ['contract', 'core'],
  runner: ['contract', 'core', 'policy'],
  cli: ['contract', 'core', 'forge', 'recipes', 'policy', 'agents', 'server', 'runner'],
  test: ['contract', 'core', 'forge', 'recipes', 'policy', 'agents', 'server', 'runner', 'cli'],
}

interface Source {
  path: string
  /** The folder of the package it belongs to; bench/ is measured with the harness of test/. */
  home: string
  text: string
  isTest: boolean
}

interface Import {
  from: string
  isTypeOnly: boolean
}

interface Manifest {
  name: string
  exports?: Record<string, unknown>
  dependencies?: Record<string, string>
  devDependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
  peerDependencies?: Record<string, string>
}

const packageNames = readdirSync(join(root, 'packages'))
const sources = ['packages', 'test', 'bench'].flatMap(readSources)
const rootManifest = readManifest('.')
const manifests = new Map(
  [...packageNames.map((name) => `packages/${name}`), 'test'].map((home) => [
    home,
    readManifest(home),
  ]),
)

function readSources(folder: string): Source[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|js|mjs)$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((path) => !/(^|\/)(node_modules|dist|fixtures)\//.test(path))
    .map((path) => {
      const parts = path.split('/')
      const home = parts[0] === 'packages' ? `packages/${parts[1]}` : 'test'
      const isTest = home === 'test' || /\.test\.ts$|\/(testing|attack)\//.test(path)
      return { path, home, text: readFileSync(join(root, path), 'utf8'), isTest }
    })
}

/** What only tests import is a test's, wherever it lies: it is not shipped to anybody. */
function markWhatTestsAlone(sources: Source[]): void {
  const importers = new Map<string, Source[]>()
  for (const source of sources) {
    for (const { from } of importsOf(source)) {
      if (!from.startsWith('.')) continue
      const target = relative(root, resolve(root, dirname(source.path), from))
      importers.set(target, [...(importers.get(target) ?? []), source])
    }
  }
  for (let changed = true; changed;) {
    const found = sources.filter(
      (source) =>
        !source.isTest && importers.get(source.path)?.every((importer) => importer.isTest) === true,
    )
    for (const source of found) source.isTest = true
    changed = found.length > 0
  }
}

function readManifest(home: string): Manifest {
  return JSON.parse(readFileSync(join(root, home, 'package.json'), 'utf8')) as Manifest
}

function importsOf({ text }: Source): Import[] {
  const statements =
    /^(?:import|export)\s(type\s)?[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]|^import\s*()['"]([^'"]+)['"]|\b(?:import\(|require\.resolve\()\s*()['"]([^'"]+)['"]/gm
  return [...text.matchAll(statements)].map((match) => ({
    from: (match[2] ?? match[4] ?? match[6]) as string,
    isTypeOnly: match[1] !== undefined,
  }))
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

function isBare(specifier: string): boolean {
  return !specifier.startsWith('.') && !specifier.startsWith('node:')
}

/** The paths whose text matches: what a reader of a failure wants to open. */
function pathsWith(pattern: RegExp, among: Source[]): string[] {
  return among.filter(({ text }) => pattern.test(withoutComments(text))).map(({ path }) => path)
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
}

markWhatTestsAlone(sources)
const shipped = sources.filter(({ isTest }) => !isTest)

it('finds the sources it speaks of', () => {
  expect(packageNames.toSorted()).toEqual(
    Object.keys(allowedEdges)
      .filter((name) => name !== 'test')
      .toSorted(),
  )
  expect(new Set(sources.map(({ home }) => home)).size).toBe(packageNames.length + 1)
})

describe('imports', () => {
  it('are declared in the package.json of the package that imports', () => {
    const undeclared = sources.flatMap((source) => {
      const own = manifests.get(source.home) as Manifest
      const declared = {
        ...own.dependencies,
        ...own.optionalDependencies,
        ...own.peerDependencies,
        // Types are erased: a shipped file may take them from what only development needs.
        ...(source.isTest ? { ...own.devDependencies, ...rootManifest.devDependencies } : {}),
      }
      const typesOnly = { ...own.devDependencies, ...rootManifest.devDependencies }
      return importsOf(source)
        .filter(({ from }) => isBare(from) && !builtinModules.includes(from))
        .filter(({ from, isTypeOnly }) => {
          const name = packageOf(from)
          return !(name in declared) && !(isTypeOnly && name in typesOnly) && name !== own.name
        })
        .map(({ from }) => `${source.path} imports ${from}`)
    })

    expect(undeclared).toEqual([])
  })

  it('follow the arrows between packages', () => {
    const against = shipped.flatMap((source) => {
      const allowed = allowedEdges[basename(source.home)] ?? []
      return importsOf(source)
        .map(({ from }) => ourPackage(from))
        .filter((name) => name !== undefined && !allowed.includes(name))
        .map((name) => `${source.path} imports ${name}`)
    })

    expect(against).toEqual([])
  })

  it('reach no further into a package than its index', () => {
    const deep = sources.flatMap((source) =>
      importsOf(source)
        .filter(({ from }) => reachesInside(source, from))
        .map(({ from }) => `${source.path} imports ${from}`),
    )

    expect(deep).toEqual([])
  })

  it('name the node modules by node:', () => {
    const bare = sources.flatMap((source) =>
      importsOf(source)
        .filter(({ from }) => builtinModules.includes(from) && !from.startsWith('node:'))
        .map(({ from }) => `${source.path} imports ${from}`),
    )

    expect(bare).toEqual([])
  })

  it.each([
    ['contract', /^(?!zod$)/],
    [
      'core',
      /^(fastify|@fastify\/.*|undici|octokit|@octokit\/.*)$|^node:(http|https|child_process)$/,
    ],
    ['server', /^node:child_process$|^(kysely|pg|@electric-sql\/.*)$/],
    ['forge', /^(kysely|pg|@electric-sql\/.*)$/],
    ['runner', /^(fastify|@fastify\/.*|kysely|pg|@electric-sql\/.*)$/],
    ['agents', /^(fastify|@fastify\/.*|kysely|pg|@electric-sql\/.*|@octokit\/.*)$/],
    ['backstage', /^(fastify|kysely|pg|@electric-sql\/.*)$|^node:(http|https|child_process)$/],
  ])('of %s keep to what it may know', (name, forbidden) => {
    const found = shipped
      .filter(({ home }) => home === `packages/${name}`)
      .flatMap((source) =>
        importsOf(source)
          .filter(({ from }) => !from.startsWith('.') && forbidden.test(from))
          .map(({ from }) => `${source.path} imports ${from}`),
      )

    expect(found).toEqual([])
  })
})

function ourPackage(specifier: string): string | undefined {
  if (specifier === 'errand') return 'cli'
  return /^@errand\/([^/]+)/.exec(specifier)?.[1]
}

function reachesInside(source: Source, specifier: string): boolean {
  if (ourPackage(specifier) !== undefined) {
    const index = source.isTest
      ? /^(@errand\/)?[^/]+(\/(package\.json|testing))?$/
      : /^(@errand\/)?[^/]+(\/package\.json)?$/
    return !index.test(specifier)
  }
  if (!specifier.startsWith('.')) return false
  const target = relative(root, resolve(root, dirname(source.path), specifier))
  return (
    !target.startsWith(source.home) && !(source.home === 'test' && !target.startsWith('packages/'))
  )
}

describe('only', () => {
  it('cli and the programs inside a box read the environment and end the process', () => {
    const inBox = /^packages\/((agents|recipes)\/src\/.*main\.ts|runner\/src\/box\/inside\/)/
    const elsewhere = shipped.filter(
      ({ home, path }) => home !== 'packages/cli' && !inBox.test(path),
    )

    expect(pathsWith(/\bprocess\.(env|exit)\b/, elsewhere)).toEqual([])
  })

  it('sessions/transition.ts writes state', () => {
    const writers = pathsWith(
      /\bset\s+(?:[a-z_]+\s*=[^;`]*?,\s*)?state\s*=|\.set\(\s*\{[^}]*\bstate\b/i,
      shipped.filter(({ home }) => home === 'packages/core'),
    )

    expect(writers).toEqual(['packages/core/src/sessions/transition.ts'])
  })

  it('core knows SQL', () => {
    const elsewhere = shipped.filter(({ home }) => home !== 'packages/core')

    expect(
      pathsWith(/\b(select\s[^'"`]*\sfrom|insert into|delete from)\s+[a-z_]+\b/, elsewhere),
    ).toEqual([])
  })

  it('runner starts bubblewrap', () => {
    const elsewhere = shipped.filter(({ home }) => !/runner|cli/.test(home))

    expect(pathsWith(/['"](\/usr\/bin\/)?bwrap['"]/, elsewhere)).toEqual([])
  })
})

describe('files', () => {
  it('stay under 600 lines', () => {
    const long = sources.filter(({ text }) => text.split('\n').length > 600)

    expect(long.map(({ path }) => path)).toEqual([])
  })

  it('are named for what they hold, not for being a drawer', () => {
    const drawers = /(^|\/)(utils?|helpers?|common|lib|types|misc|shared)(\.[a-z.]+$|\/)/

    expect(sources.map(({ path }) => path).filter((path) => drawers.test(path))).toEqual([])
  })

  it('are in kebab-case', () => {
    const named = /^[a-z0-9]+(-[a-z0-9]+)*(\.test|\.config|\.d)?\.(ts|js|mjs)$/

    expect(sources.map(({ path }) => path).filter((path) => !named.test(basename(path)))).toEqual(
      [],
    )
  })

  it('leave no work for later and no snapshot beside', () => {
    const marks = new RegExp(['TO', 'DO|FIX', 'ME|X', 'XX'].join('').replaceAll('|', '\\b|\\b'))

    expect(pathsWith(new RegExp(`\\b${marks.source}\\b`), sources)).toEqual([])
    expect(trackedFiles().filter((path) => path.endsWith('.snap'))).toEqual([])
  })
})

describe('package.json', () => {
  it.each([...manifests])('of %s exports its index alone', (home, manifest) => {
    const paths = home === 'test' ? [] : ['.', './package.json']
    // Databases for the tests of what stands on core: only in the sources, and in nothing that is published.
    const { './testing': testing, ...exports } = manifest.exports ?? {}

    expect(Object.keys(exports)).toEqual(paths)
    expect([undefined, { 'errand-source': expect.any(String) }]).toContainEqual(testing)
  })

  it.each([['.', rootManifest] as const, ...manifests])(
    'of %s pins every version',
    (_, manifest) => {
      const wanted = {
        ...manifest.dependencies,
        ...manifest.devDependencies,
        ...manifest.optionalDependencies,
      }
      const loose = Object.entries(wanted).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))

      expect(loose).toEqual([])
    },
  )

  it('declares nothing that is never imported', () => {
    const unused = [...manifests].flatMap(([home, manifest]) => {
      const used = new Set(
        sources
          .filter((source) => source.home === home)
          .flatMap((source) => importsOf(source).map(({ from }) => packageOf(from))),
      )
      return Object.keys(manifest.dependencies ?? {})
        .filter((name) => !used.has(name))
        .map((name) => `${home}: ${name}`)
    })

    expect(unused).toEqual([])
  })

  it('has one version of a dependency for all packages', () => {
    const wanted = new Map<string, Set<string>>()
    for (const manifest of [rootManifest, ...manifests.values()]) {
      const all = { ...manifest.dependencies, ...manifest.devDependencies }
      for (const [name, version] of Object.entries(all)) {
        wanted.set(name, (wanted.get(name) ?? new Set()).add(version))
      }
    }

    expect([...wanted].filter(([, versions]) => versions.size > 1)).toEqual([])
  })
})

describe('what is committed', () => {
  it('locks packages by integrity, not by the address of some registry', () => {
    const locks = trackedFiles().filter((path) => basename(path) === 'package-lock.json')

    for (const path of locks) {
      const lock = readFileSync(join(root, path), 'utf8')
      expect([...lock.matchAll(/"resolved": "https?:[^"]*"/g)].map(String)).toEqual([])
      expect(lock).toContain('"integrity"')
    }
    expect(locks).toContain('package-lock.json')
    expect(trackedFiles().filter((path) => basename(path) === '.npmrc')).toEqual([])
  })

  it('names no folder of the machine it was written on', () => {
    const naming = trackedFiles().filter((path) => {
      const text = readFileSync(join(root, path), 'utf8')
      return text.includes(`${root}/`) || text.includes(`${root}\n`)
    })

    expect(naming).toEqual([])
  })

  it('holds no key and no token', () => {
    const secret =
      /\b(sk-(ant|proj)-[A-Za-z0-9_-]{20,}|gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{60,})\b/
    const holding = trackedFiles().filter((path) =>
      secret.test(readFileSync(join(root, path), 'utf8')),
    )

    expect(holding).toEqual([])
  })
})

function trackedFiles(): string[] {
  return execFileSync('git', ['-C', root, 'ls-files', '-z'], { encoding: 'utf8' })
    .split('\0')
    .filter((path) => path !== '' && !path.startsWith('test/fixtures/'))
}
