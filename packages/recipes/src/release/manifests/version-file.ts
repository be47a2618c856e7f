import type { Repository } from '../../repository/repository.ts'
import type { VersionPlace } from './version-place.ts'

/** The first line of a file that holds a version and nothing else. */
export async function findVersionFilePlaces(repository: Repository): Promise<VersionPlace[]> {
  for (const path of ['VERSION', 'VERSION.txt', 'version.txt']) {
    const text = await repository.readText(path)
    const found = /^\s*v?(\d+\.\d+(?:\.\d+)?[0-9A-Za-z.+-]*)[ \t\r]*(?:\n|$)/.exec(text ?? '')
    const version = found?.[1]
    if (found === null || version === undefined) continue
    const start = found.index + found[0].indexOf(version)
    return [{ path, start, end: start + version.length, version, project: '', type: 'own' }]
  }
  return []
}
