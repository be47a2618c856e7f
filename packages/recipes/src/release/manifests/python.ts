import type { Repository } from '../../repository/repository.ts'
import { readTomlStrings, tomlStringAt } from './toml-file.ts'
import type { VersionPlace } from './version-place.ts'

/**
 * The version of a pyproject.toml: `project.version`, `tool.poetry.version`; where it is dynamic, the
 * plain `__version__ = "1.2.0"` of the package, as setuptools, hatch and flit read it.
 */
export async function findPythonPlaces(repository: Repository): Promise<VersionPlace[]> {
  const path = 'pyproject.toml'
  const text = await repository.readText(path)
  if (text === undefined) return []
  const strings = readTomlStrings(path, text)
  const places: VersionPlace[] = []
  for (const keys of [
    ['project', 'version'],
    ['tool', 'poetry', 'version'],
  ]) {
    const found = tomlStringAt(strings, ...keys)
    if (found === undefined) continue
    const { start, end, value: version } = found
    places.push({ path, start, end, version, project: '', type: 'own' })
  }
  const name =
    tomlStringAt(strings, 'project', 'name')?.value ??
    tomlStringAt(strings, 'tool', 'poetry', 'name')?.value
  const module = name?.replace(/[-.]+/g, '_').toLowerCase()
  const named = tomlStringAt(strings, 'tool', 'hatch', 'version', 'path')?.value
  const files = [...(named === undefined ? [] : [named]), ...candidates(module)]
  const known = places[0]?.version
  for (const file of new Set(files)) {
    if (repository.files.get(file)?.type !== 'file') continue
    const found = versionAssignment(file, (await repository.readText(file)) ?? '')
    if (found !== undefined && (known === undefined || found.version === known)) places.push(found)
  }
  return places
}

function candidates(module: string | undefined): string[] {
  if (module === undefined) return []
  const files = ['__init__.py', '__about__.py', '_version.py', 'version.py', '__version__.py']
  return ['', 'src/'].flatMap((folder) => [
    ...files.map((file) => `${folder}${module}/${file}`),
    `${folder}${module}.py`,
  ])
}

const assignment = /^(__version__|VERSION|version)(?:\s*:\s*str)?\s*=\s*(["'])(\d[^"'\n]*)\2/m

function versionAssignment(path: string, text: string): VersionPlace | undefined {
  const found = assignment.exec(text)
  const version = found?.[3]
  if (found === null || version === undefined) return undefined
  const end = found.index + found[0].length - 1
  return { path, start: end - version.length, end, version, project: '', type: 'own' }
}
