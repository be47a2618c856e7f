import { createHmac } from 'node:crypto'
import { posix } from 'node:path'
import { matchesGlob } from 'node:path/posix'

import type { SessionValues } from '@errand/core'

import type { Repository } from '../../mirror/repository.ts'
import type { WorkBranch } from '../../workspace/work-branch.ts'
import type { Tree } from '../read-tree.ts'

/** Raised when layers come to be made or read in another way. */
const version = 1

export interface KeyParts {
  repository: Pick<Repository, 'id'>
  branch: Pick<WorkBranch, 'name'>
  /** The steps file. */
  text: string
  tree: Tree
  values: Pick<SessionValues, 'environment'>
}

/**
 * What the results of the steps depend on, as a name nobody can guess or read a value from: the same only for
 * the same repository, steps, lock files, files the steps name, secrets and variables, and machine.
 *
 * @param secret of this data folder
 */
export function layerKey(secret: string, parts: KeyParts): string {
  const { repository, branch, text, tree, values } = parts
  const files = [...filesNamed(text, tree)].sort().map((path) => [path, tree.blobs.get(path)])
  const given = Object.entries(values.environment).toSorted(([a], [b]) => (a < b ? -1 : 1))
  const place = asksWhere(text) ? [branch.name, tree.commit] : []
  const machine = [process.platform, process.arch, process.version]
  const all = [version, repository.id, text, files, given, place, machine]
  return createHmac('sha256', secret).update(JSON.stringify(all)).digest('hex')
}

/** Steps that look at the branch or the commit do something else on each. */
function asksWhere(text: string): boolean {
  return /\bgithub\s*(\.|\[\s*')\s*(ref|sha|head_ref|base_ref)|GITHUB_(REF|SHA|HEAD_REF)/i.test(
    text,
  )
}

/** By what package managers install, and what says which version of a tool there is to be. */
const lockFiles =
  /(^|\/)(package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|yarn\.lock|bun\.lockb?|deno\.lock|Cargo\.lock|poetry\.lock|pdm\.lock|uv\.lock|Pipfile\.lock|requirements[^/]*\.(txt|in|lock)|go\.(sum|mod)|Gemfile\.lock|pom\.xml|gradle\.lockfile|gradle-wrapper\.properties|libs\.versions\.toml|composer\.lock|mix\.lock|pubspec\.lock|Package\.resolved|packages\.lock\.json|flake\.lock|\.nvmrc|\.node-version|\.python-version|\.java-version|\.go-version|\.tool-versions|rust-toolchain(\.toml)?)$/

/** More words than any steps have; each is looked up among all paths. */
const mostWords = 5000
/** A pattern is tried on every path. */
const mostPatterns = 100

/**
 * The files that the steps can be taken to depend on: lock files anywhere, and what they name, in whatever
 * place of theirs, a comment too. A folder stands for all in it, `.` for everything.
 */
export function filesNamed(text: string, { blobs }: Pick<Tree, 'blobs'>): Set<string> {
  const paths = [...blobs.keys()]
  const named = new Set(paths.filter((path) => lockFiles.test(path)))
  const folders = foldersOf(paths)
  const words = wordsOf(text)
  if (words.has('.')) return new Set(paths)
  const places = ['', ...[...words].filter((word) => folders.has(word))]
  let patterns = 0
  for (const word of words) {
    if (/[*?]/.test(word)) {
      patterns += 1
      if (patterns > mostPatterns) break
      for (const path of paths) if (matchesGlob(path, word)) named.add(path)
      continue
    }
    // From the folder a step works in, too; it is named by that step.
    for (const place of places) {
      const path = posix.join(place, word)
      if (blobs.has(path)) named.add(path)
      for (const inside of folders.get(path) ?? []) named.add(inside)
    }
  }
  return named
}

function wordsOf(text: string): Set<string> {
  // A point that begins a command reads a file into the shell.
  const withoutSourcing = text.replaceAll(/(^|[;&|]|run:)\s*\.\s+(?=\S)/gm, '$1 ')
  const words = withoutSourcing
    .split(/[\s"'`;|&()<>=,:{}[\]$@\\]+/)
    .filter((word) => word !== '' && word.length <= 500 && !word.startsWith('/'))
    .slice(0, mostWords)
    .map((word) => posix.normalize(word).replace(/\/$/, ''))
  return new Set(words.filter((word) => !word.startsWith('..')))
}

/** What is in each folder, to any depth. */
function foldersOf(paths: readonly string[]): Map<string, string[]> {
  const folders = new Map<string, string[]>()
  for (const path of paths) {
    for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) {
      const folder = path.slice(0, at)
      const inside = folders.get(folder)
      if (inside === undefined) folders.set(folder, [path])
      else inside.push(path)
    }
  }
  return folders
}
