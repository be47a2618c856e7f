import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { readText } from '../read-text.ts'
import { ToolError } from '../tools/tool.ts'
import { findInMake, findInNode } from './find-scripts.ts'
import { findInPython } from './find-python.ts'
import type { Finder, FoundCheck, Place } from './place.ts'

/** Folders below the root that are looked at, this deep, where the root itself has no tests. */
const mostFolders = 100
const deepest = 2
const mostFound = 12
const closed = /^(\..*|node_modules|vendor|dist|build|target|out|third_party)$/
/** Names that a shell takes as they are. Whoever names folders otherwise runs their tests by hand. */
const plainName = /^[\w@][\w.@-]*$/

const finders: readonly Finder[] = [findInNode, findInPython, findInCompiled, findInMake]

/**
 * How the repository at a folder is tested: by its own scripts and by what its kind of project
 * is tested with. The root is looked at; where it has no tests, up to 100 folders below it, two deep. Only
 * names and manifests are read: nothing is run.
 */
export async function findChecks(workspace: string): Promise<FoundCheck[]> {
  const found = await findIn(workspace, '')
  let [folders, looked] = [[''], 0]
  for (let depth = 0; depth < deepest && !found.some(isTests); depth += 1) {
    const below: string[] = []
    for (const folder of folders) below.push(...(await foldersIn(workspace, folder)))
    for (const folder of below.slice(0, mostFolders - looked)) {
      found.push(...(await findIn(workspace, folder)))
    }
    looked += below.length
    folders = below.slice(0, mostFolders)
  }
  return found.slice(0, mostFound)
}

export function isTests({ kind }: FoundCheck): boolean {
  return kind === 'tests'
}

async function findIn(workspace: string, folder: string): Promise<FoundCheck[]> {
  const place = await openPlace(join(workspace, folder))
  const found: FoundCheck[] = []
  for (const finder of finders) {
    // make usually only calls what was found already.
    if (finder === findInMake && found.some(isTests)) continue
    found.push(...(await finder(place)))
  }
  if (folder === '') return found
  return found.map(({ command, from, kind }) => ({
    command: `cd ${folder} && ${command}`,
    from: `${folder}/${from}`,
    kind,
  }))
}

async function findInCompiled({ names }: Place): Promise<FoundCheck[]> {
  const found: FoundCheck[] = []
  const add = (from: string, command: string) => found.push({ command, from, kind: 'tests' })
  // There is no network: what is not there already cannot be had.
  if (names.has('Cargo.toml')) add('Cargo.toml', 'cargo test --offline')
  if (names.has('go.mod')) add('go.mod', 'go test ./...')
  if (names.has('pom.xml')) add('pom.xml', `${names.has('mvnw') ? './mvnw' : 'mvn'} -o -q test`)
  const gradle = ['build.gradle', 'build.gradle.kts'].find((name) => names.has(name))
  if (gradle !== undefined) {
    add(gradle, `${names.has('gradlew') ? './gradlew' : 'gradle'} --offline test`)
  }
  return found
}

async function openPlace(folder: string): Promise<Place> {
  return {
    names: new Set(await namesIn(folder)),
    read: (name) => readIfText(join(folder, name)),
    list: (name) => namesIn(join(folder, name)),
  }
}

async function foldersIn(workspace: string, folder: string): Promise<string[]> {
  const entries = await readdir(join(workspace, folder), { withFileTypes: true }).catch(nothing)
  return entries
    .filter(
      (entry) => entry.isDirectory() && plainName.test(entry.name) && !closed.test(entry.name),
    )
    .map(({ name }) => (folder === '' ? name : `${folder}/${name}`))
    .toSorted()
}

async function namesIn(folder: string): Promise<string[]> {
  const names: string[] = await readdir(folder).catch(nothing)
  return names.toSorted()
}

async function readIfText(path: string): Promise<string> {
  try {
    return await readText(path, path)
  } catch (error) {
    // Not there, or no text: a repository may hold anything by that name.
    if (error instanceof ToolError) return ''
    throw error
  }
}

function nothing(error: unknown): [] {
  if (error instanceof Error && 'code' in error) return []
  throw error
}
