import { posix } from 'node:path'
import type { Repository } from '../../repository/repository.ts'
import { matchMembers } from './match-members.ts'
import { readTomlStrings, tomlStringAt, type TomlString } from './toml-file.ts'
import type { VersionPlace } from './version-place.ts'

interface CargoFile {
  path: string
  strings: TomlString[]
  name: string
}

/**
 * Versions in Cargo.toml: `workspace.package.version`, `package.version` of the root and of each member,
 * the versions beside `path` in dependencies on each other, and the members' copies in Cargo.lock.
 */
export async function findCargoPlaces(repository: Repository): Promise<VersionPlace[]> {
  const root = await readCargoFile(repository, 'Cargo.toml')
  if (root === undefined) return []
  const files = [root, ...(await readMembers(repository, root))]
  const inherited = tomlStringAt(root.strings, 'workspace', 'package', 'version')
  // A member without a version of its own inherits the workspace's.
  const projectOf = (file: CargoFile): string =>
    tomlStringAt(file.strings, 'package', 'version') === undefined ? '' : file.name
  const projects = new Map(
    files.filter(({ name }) => name !== '').map((file) => [file.name, projectOf(file)]),
  )
  return [
    ...(inherited === undefined ? [] : [place(root.path, inherited, '', 'own')]),
    ...files.flatMap((file) => {
      const own = tomlStringAt(file.strings, 'package', 'version')
      return own === undefined ? [] : [place(file.path, own, file.name, 'own')]
    }),
    ...files.flatMap((file) => pathDependencies(file, projects)),
    ...(await lockPlaces(repository, projects)),
  ]
}

async function readCargoFile(repository: Repository, path: string): Promise<CargoFile | undefined> {
  const text = await repository.readText(path)
  if (text === undefined) return undefined
  const strings = readTomlStrings(path, text)
  return { path, strings, name: tomlStringAt(strings, 'package', 'name')?.value ?? '' }
}

async function readMembers(repository: Repository, root: CargoFile): Promise<CargoFile[]> {
  const listOf = (key: string): string[] =>
    root.strings
      .filter(({ path }) => path.length === 3 && path[0] === 'workspace' && path[1] === key)
      .map(({ value }) => value)
  const manifests = [...repository.files]
    .filter(([path, { type }]) => type === 'file' && path.endsWith('/Cargo.toml'))
    .map(([path]) => path)
  const patterns = [...listOf('members'), ...listOf('exclude').map((path) => `!${path}`)]
  const paths = matchMembers(patterns, manifests)
  const files = await Promise.all(paths.map((path) => readCargoFile(repository, path)))
  return files.filter((file) => file !== undefined)
}

function place(
  path: string,
  { start, end, value }: TomlString,
  project: string,
  type: VersionPlace['type'],
): VersionPlace {
  return { path, start, end, version: value, project, type }
}

const requirement = /^(=|\^|~|>=)?\s*(\d+\.\d+\.\d+[0-9A-Za-z.+-]*)$/

/** `name = { path = "../name", version = "1.2.0" }` in any table of dependencies, `package = ` renaming it. */
function pathDependencies(file: CargoFile, projects: Map<string, string>): VersionPlace[] {
  return file.strings
    .filter(({ path }) => path.at(-1) === 'version' && isDependency(path))
    .flatMap((string) => {
      const beside = string.path.slice(0, -1)
      if (tomlStringAt(file.strings, ...beside, 'path') === undefined) return []
      const renamed = tomlStringAt(file.strings, ...beside, 'package')?.value
      const project = projects.get(renamed ?? String(beside.at(-1)))
      const [, operator = '', version] = requirement.exec(string.value) ?? []
      if (project === undefined || version === undefined) return []
      const write = (next: string): string => `${operator}${next}`
      return [{ ...place(file.path, { ...string, value: version }, project, 'reference'), write }]
    })
}

function isDependency(path: readonly (string | number)[]): boolean {
  return /^(dev-|build-)?dependencies$/.test(String(path.at(-3)))
}

/** A package of the lock file without a source is one of the workspace's own. */
async function lockPlaces(
  repository: Repository,
  projects: Map<string, string>,
): Promise<VersionPlace[]> {
  const path = posix.join('Cargo.lock')
  const text = await repository.readText(path)
  if (text === undefined) return []
  const strings = readTomlStrings(path, text)
  const byPath = new Map(strings.map((string) => [string.path.join('\0'), string]))
  return strings
    .filter(({ path: keys }) => keys.length === 3 && keys[0] === 'package' && keys[2] === 'name')
    .flatMap(({ path: keys, value: name }) => {
      const project = projects.get(name)
      const version = byPath.get(['package', keys[1], 'version'].join('\0'))
      const source = byPath.get(['package', keys[1], 'source'].join('\0'))
      if (project === undefined || version === undefined || source !== undefined) return []
      return [place(path, version, project, 'reference')]
    })
}
