import { RecipeError } from '../../recipe-error.ts'
import type { Repository } from '../../repository/repository.ts'
import { type ReleaseSettings, releaseSettingsPath } from '../release-settings.ts'
import type { VersionPlace } from './version-place.ts'

const version = String.raw`(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?)`

/**
 * The places named in the release settings: plain text with `{version}` in it. They follow the
 * repository's version.
 *
 * @throws RecipeError when a pattern fits nothing: a release that leaves it behind would be wrong
 */
export async function findPatternPlaces(
  repository: Repository,
  { files = [] }: ReleaseSettings,
): Promise<VersionPlace[]> {
  const places: VersionPlace[] = []
  for (const { path, pattern } of files) {
    const parts = pattern.split('{version}')
    if (parts.length !== 2) {
      throw new RecipeError(`${releaseSettingsPath}: "${pattern}" must have {version} in it once.`)
    }
    const [before = '', after = ''] = parts
    const text = await repository.readText(path)
    if (text === undefined) throw new RecipeError(`${releaseSettingsPath}: there is no ${path}.`)
    const wanted = new RegExp(literal(before) + version + literal(after), 'g')
    const found = [...text.matchAll(wanted)]
    if (found.length === 0) {
      throw new RecipeError(`${releaseSettingsPath}: nothing in ${path} is like "${pattern}".`)
    }
    for (const match of found) {
      // The one group of the pattern takes part in every match.
      const version = match[1]!
      const start = match.index + before.length
      places.push({ path, start, end: start + version.length, version, project: '', type: 'own' })
    }
  }
  return places
}

/** The text as an expression that fits nothing else. */
function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`)
}
