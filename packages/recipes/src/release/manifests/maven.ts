import { posix } from 'node:path'
import { parseXml, XmlElement, XmlError, XmlText } from '@rgrove/parse-xml'
import { RecipeError } from '../../recipe-error.ts'
import type { Repository } from '../../repository/repository.ts'
import type { VersionPlace } from './version-place.ts'

/** Most modules followed: a pom may name itself in a ring, and a large build has some hundreds. */
const mostModules = 2000

/**
 * The version of a pom.xml, of the modules it lists, and the version of the parent they name. Versions
 * of dependencies are others', and a version that is a property (`${revision}`) is found where the
 * property is set.
 */
export async function findMavenPlaces(repository: Repository): Promise<VersionPlace[]> {
  const places: VersionPlace[] = []
  const seen = new Set<string>()
  const queue = ['pom.xml']
  // Coordinates of what was read so far: a parent comes before its modules.
  const known = new Set<string>()
  for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
    if (seen.has(path) || seen.size >= mostModules) continue
    seen.add(path)
    if (!repository.files.has(path)) continue
    const text = (await repository.readText(path)) ?? ''
    const project = parsePom(path, text)
    const parent = child(project, 'parent')
    const own = child(project, 'version')
    const group = child(project, 'groupId') ?? child(parent, 'groupId')
    known.add(coordinate(group, child(project, 'artifactId')))
    if (own !== undefined) places.push(...placesOf(path, own, project))
    // The root's own parent is another project, which has a version of its own.
    if (path !== 'pom.xml' && parent !== undefined) {
      const version = textOf(child(parent, 'version'))
      const named = coordinate(child(parent, 'groupId'), child(parent, 'artifactId'))
      if (version !== undefined && known.has(named)) {
        places.push({ ...version, path, project: '', type: 'reference' })
      }
    }
    for (const module of children(child(project, 'modules'), 'module')) {
      const folder = posix.normalize(posix.join(posix.dirname(path), module.text.trim()))
      queue.push(folder.endsWith('.xml') ? folder : `${folder}/pom.xml`)
    }
  }
  return places
}

function parsePom(path: string, text: string): XmlElement {
  try {
    const root = parseXml(text, { includeOffsets: true }).root
    if (root?.name === 'project') return root
  } catch (error) {
    if (!(error instanceof XmlError)) throw error
    throw new RecipeError(`${path} is not valid XML.`, { cause: error })
  }
  throw new RecipeError(`${path} has no <project>.`)
}

function child(element: XmlElement | undefined, name: string): XmlElement | undefined {
  return children(element, name)[0]
}

function children(element: XmlElement | undefined, name: string): XmlElement[] {
  return (element?.children ?? []).filter(
    (node): node is XmlElement => node instanceof XmlElement && node.name === name,
  )
}

function coordinate(group: XmlElement | undefined, artifact: XmlElement | undefined): string {
  return `${group?.text.trim() ?? ''}:${artifact?.text.trim() ?? ''}`
}

function placesOf(path: string, version: XmlElement, project: XmlElement): VersionPlace[] {
  const property = /^\$\{([^}]+)\}$/.exec(version.text.trim())?.[1]
  const element = property === undefined ? version : child(child(project, 'properties'), property)
  const text = textOf(element)
  return text === undefined ? [] : [{ ...text, path, project: '', type: 'own' }]
}

function textOf(element: XmlElement | undefined) {
  const node = element?.children.find((inner) => inner instanceof XmlText)
  const version = node?.text.trim() ?? ''
  if (node === undefined || !/^\d/.test(version)) return undefined
  const start = node.start + node.text.indexOf(version)
  return { start, end: start + version.length, version }
}
