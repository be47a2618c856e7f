import { posix } from 'node:path'
import { readYaml } from '../../read-yaml.ts'
import type { Repository } from '../../repository/repository.ts'
import { type JsonFile, keysOf, parseJsonFile, type Span, stringsOf } from './json-file.ts'
import { matchMembers } from './match-members.ts'
import type { VersionPlace } from './version-place.ts'

const dependencyFields = [
  'dependencies',
  'devDependencies',
  'peerDependencies',
  'optionalDependencies',
]

/**
 * Versions in package.json of the root and its workspaces (npm, yarn, pnpm), the ranges by which they
 * name each other, and their copies in package-lock.json or npm-shrinkwrap.json (lockfileVersion 1 to 3).
 * The lock files of yarn and pnpm hold no version of the workspaces themselves.
 */
export async function findNpmPlaces(repository: Repository): Promise<VersionPlace[]> {
  const rootText = await repository.readText('package.json')
  if (rootText === undefined) return []
  const root = parseJsonFile('package.json', rootText)
  const members = await readMembers(repository, root)
  const manifests = [root, ...members]
  const names = new Set(manifests.map(nameOf).filter((name) => name !== ''))
  return [
    ...manifests.flatMap(ownVersion),
    ...manifests.flatMap((file) => ranges(file, names, [])),
    ...(await lockPlaces(repository, manifests, names)),
  ]
}

async function readMembers(repository: Repository, root: JsonFile): Promise<JsonFile[]> {
  const patterns = [
    ...stringsOf(root.nodeAt('workspaces')),
    ...stringsOf(root.nodeAt('workspaces', 'packages')),
    ...(await pnpmPatterns(repository)),
  ]
  const manifests = [...repository.files]
    .filter(([path, { type }]) => type === 'file' && path.endsWith('/package.json'))
    .map(([path]) => path)
    .filter((path) => !path.includes('node_modules/'))
  const paths = matchMembers(patterns, manifests)
  return await Promise.all(
    paths.map(async (path) => parseJsonFile(path, (await repository.readText(path)) ?? '')),
  )
}

async function pnpmPatterns(repository: Repository): Promise<string[]> {
  const path = 'pnpm-workspace.yaml'
  const text = await repository.readText(path)
  if (text === undefined) return []
  const settings = readYaml(path, text)
  const packages: unknown =
    typeof settings === 'object' && settings !== null && 'packages' in settings
      ? settings.packages
      : undefined
  return Array.isArray(packages) ? packages.filter((item) => typeof item === 'string') : []
}

function nameOf(file: JsonFile): string {
  return file.stringAt('name')?.value ?? ''
}

function ownVersion(file: JsonFile): VersionPlace[] {
  const span = file.stringAt('version')
  return span === undefined ? [] : [placeOf(file.path, span, nameOf(file), 'own')]
}

function placeOf(
  path: string,
  { start, end, value: version }: Span,
  project: string,
  type: VersionPlace['type'],
): VersionPlace {
  return { path, start, end, version, project, type }
}

/** `^1.2.0`, `~1.2.0`, `1.2.0`, `workspace:^1.2.0`; not `*`, `workspace:*`, tags or paths, which need none. */
const simpleRange = /^(workspace:)?([\^~]|>=|=|v)?(\d+\.\d+\.\d+[0-9A-Za-z.+-]*)$/

function ranges(file: JsonFile, names: Set<string>, location: string[]): VersionPlace[] {
  return dependencyFields.flatMap((field) =>
    keysOf(file.nodeAt(...location, field))
      .filter((name) => names.has(name))
      .flatMap((name) => {
        const span = file.stringAt(...location, field, name)
        const [, workspace = '', operator = '', version] = simpleRange.exec(span?.value ?? '') ?? []
        if (span === undefined || version === undefined) return []
        const place = placeOf(file.path, { ...span, value: version }, name, 'reference')
        return [{ ...place, write: (next: string) => `${workspace}${operator}${next}` }]
      }),
  )
}

async function lockPlaces(
  repository: Repository,
  manifests: readonly JsonFile[],
  names: Set<string>,
): Promise<VersionPlace[]> {
  const places: VersionPlace[] = []
  for (const path of ['package-lock.json', 'npm-shrinkwrap.json']) {
    const text = await repository.readText(path)
    if (text === undefined) continue
    const lock = parseJsonFile(path, text)
    for (const manifest of manifests) {
      const home = posix.dirname(manifest.path)
      const location = ['packages', home === '.' ? '' : home]
      const spans = [
        ...(home === '.' ? [lock.stringAt('version')] : []),
        lock.stringAt(...location, 'version'),
        // lockfileVersion 1 and 2 list the workspaces among the dependencies, mostly as file: paths.
        ...(home === '.' ? [] : [lock.stringAt('dependencies', nameOf(manifest), 'version')]),
      ]
      for (const span of spans) {
        if (span === undefined || !/^\d/.test(span.value)) continue
        places.push(placeOf(path, span, nameOf(manifest), 'reference'))
      }
      places.push(...ranges(lock, names, location))
      places.push(...requires(lock, nameOf(manifest), names))
    }
  }
  return places
}

/** The `requires` of lockfileVersion 1 and 2. */
function requires(lock: JsonFile, name: string, names: Set<string>): VersionPlace[] {
  const location = ['dependencies', name, 'requires']
  return keysOf(lock.nodeAt(...location)).flatMap((required) => {
    const span = lock.stringAt(...location, required)
    const [, workspace = '', operator = '', version] = simpleRange.exec(span?.value ?? '') ?? []
    if (span === undefined || version === undefined || !names.has(required)) return []
    const place = placeOf(lock.path, { ...span, value: version }, required, 'reference')
    return [{ ...place, write: (next: string) => `${workspace}${operator}${next}` }]
  })
}
