import { posix } from 'node:path'
import { parseXml, XmlElement, XmlError, XmlText } from '@rgrove/parse-xml'
import { RecipeError } from '../recipe-error.ts'
import { keysOf, parseJsonFile } from '../release/manifests/json-file.ts'
import { readTomlStrings } from '../release/manifests/toml-file.ts'
import type { TextEdit } from '../text-edit.ts'

/** A version number within a requirement, whose operator stays: `^1.2.0`, `>=1.2,<2` is no such thing. */
const single = /^(\s*(?:\^|~|>=|==|~=|=|v)?\s*)v?(\d+(?:\.\d+)*[0-9A-Za-z.+-]*)(\s*)$/

type FindEdits = (path: string, text: string, name: string, version: string) => TextEdit[]

/** By the manifest's file name: the edits that set a dependency to a version. */
export function requirementFinder(path: string): FindEdits | undefined {
  const file = posix.basename(path)
  if (file === 'package.json') return inPackageJson
  if (file === 'Cargo.toml') return inCargoToml
  if (file === 'pyproject.toml') return inPyproject
  if (/^requirements([-_.].*)?\.txt$/.test(file)) return inRequirements
  if (file === 'pom.xml') return inPom
  if (file === 'go.mod') return inGoMod
  return undefined
}

/** Changes the number in `^1.2.0`; a requirement that is more than one bound is left to a person. */
function setNumber(start: number, text: string, version: string): TextEdit[] {
  const [, operator, number] = single.exec(text) ?? []
  if (operator === undefined || number === undefined || number === version) return []
  const from = start + operator.length
  return [{ start: from, end: from + number.length, text: version }]
}

function inPackageJson(path: string, text: string, name: string, version: string): TextEdit[] {
  const file = parseJsonFile(path, text)
  const fields = keysOf(file.root).filter((key) => /dependencies$/i.test(key))
  return fields.flatMap((field) => {
    const span = file.stringAt(field, name)
    return span === undefined ? [] : setNumber(span.start, span.value, version)
  })
}

function inCargoToml(path: string, text: string, name: string, version: string): TextEdit[] {
  return readTomlStrings(path, text).flatMap(({ path: keys, start, value }) => {
    const at = keys.findIndex((key) => /^(dev-|build-)?dependencies$/.test(String(key)))
    if (at < 0 || keys[at + 1] !== name) return []
    const isPlain = keys.length === at + 2
    const isTable = keys.length === at + 3 && keys[at + 2] === 'version'
    return isPlain || isTable ? setNumber(start, value, version) : []
  })
}

/** `name[extra]>=1.2; marker`, as PEP 508 writes a requirement. */
const pep508 =
  /^(\s*([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*\(?)((?:==|>=|~=)\s*[0-9][\w.!+-]*)(?=\s*\)?\s*(?:;|#|$))/

function inPyproject(path: string, text: string, name: string, version: string): TextEdit[] {
  return readTomlStrings(path, text).flatMap(({ path: keys, start, value }) => {
    const [first, second] = keys
    const isList =
      (first === 'project' && /^(optional-)?dependencies$/.test(String(second))) ||
      first === 'dependency-groups' ||
      (first === 'build-system' && second === 'requires')
    if (isList) return setRequirement(start, value, name, version)
    const isPoetry = first === 'tool' && second === 'poetry' && keys.at(-2) === 'dependencies'
    return isPoetry && keys.at(-1) === name ? setNumber(start, value, version) : []
  })
}

function setRequirement(start: number, value: string, name: string, version: string): TextEdit[] {
  const [, before, found, bound] = pep508.exec(value) ?? []
  if (before === undefined || bound === undefined || normal(found) !== normal(name)) return []
  return setNumber(start + before.length, bound, version)
}

/** Python's names are the same whatever their dashes and case (PEP 503). */
function normal(name = ''): string {
  return name.toLowerCase().replace(/[-_.]+/g, '-')
}

function inRequirements(_path: string, text: string, name: string, version: string): TextEdit[] {
  let at = 0
  return text.split('\n').flatMap((line) => {
    const start = at
    at += line.length + 1
    return setRequirement(start, line.replace(/\r$/, ''), name, version)
  })
}

/** `group:artifact`, or the artifact alone where that is clear. */
function inPom(path: string, text: string, name: string, version: string): TextEdit[] {
  let root: XmlElement | null
  try {
    root = parseXml(text, { includeOffsets: true }).root
  } catch (error) {
    if (!(error instanceof XmlError)) throw error
    throw new RecipeError(`${path} is not valid XML.`, { cause: error })
  }
  const elements = root === null ? [] : descendants(root)
  return elements.flatMap((element) => {
    if (element.name !== 'dependency' && element.name !== 'plugin') return []
    const artifact = childText(element, 'artifactId')?.text.trim()
    const group = childText(element, 'groupId')?.text.trim()
    if (name !== artifact && name !== `${group}:${artifact}`) return []
    const node = childText(element, 'version')
    return node === undefined ? [] : setNumber(node.start, node.text, version)
  })
}

function descendants(element: XmlElement): XmlElement[] {
  const found: XmlElement[] = []
  for (const stack = [element]; ;) {
    const next = stack.pop()
    if (next === undefined) return found
    found.push(next)
    for (const child of next.children) if (child instanceof XmlElement) stack.push(child)
  }
}

function childText(element: XmlElement, name: string): XmlText | undefined {
  const child = element.children.find(
    (node): node is XmlElement => node instanceof XmlElement && node.name === name,
  )
  return child?.children.find((node) => node instanceof XmlText)
}

function inGoMod(_path: string, text: string, name: string, version: string): TextEdit[] {
  const wanted = version.startsWith('v') ? version : `v${version}`
  return [...text.matchAll(/^[ \t]*(?:require[ \t]+)?(\S+)[ \t]+(v\d\S*)/gm)].flatMap((match) => {
    const [whole, module, old = ''] = match
    if (module !== name || old === wanted) return []
    const end = match.index + whole.length
    return [{ start: end - old.length, end, text: wanted }]
  })
}
