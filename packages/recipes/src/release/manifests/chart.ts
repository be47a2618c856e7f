import { isMap, isScalar, parseDocument } from 'yaml'
import { RecipeError } from '../../recipe-error.ts'
import type { Repository } from '../../repository/repository.ts'
import type { VersionPlace } from './version-place.ts'

/** The version of a Helm chart, and its `appVersion` where it is the same. */
export async function findChartPlaces(repository: Repository): Promise<VersionPlace[]> {
  const path = 'Chart.yaml'
  const text = await repository.readText(path)
  if (text === undefined) return []
  const document = parseDocument(text)
  if (document.errors.length > 0 || !isMap(document.contents)) {
    throw new RecipeError(`${path} is not valid YAML.`)
  }
  const version = scalarAt('version')
  const appVersion = scalarAt('appVersion')
  return [
    ...(version === undefined ? [] : [{ ...version, type: 'own' as const }]),
    ...(appVersion !== undefined && appVersion.version === version?.version
      ? [{ ...appVersion, type: 'reference' as const }]
      : []),
  ]

  function scalarAt(key: string) {
    const node = document.get(key, true)
    if (!isScalar(node) || typeof node.value !== 'string' || node.range == null) return undefined
    const isQuoted = node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE'
    const [first, last] = node.range
    const [start, end] = isQuoted ? [first + 1, last - 1] : [first, last]
    return { path, start, end, version: node.value, project: '' }
  }
}
