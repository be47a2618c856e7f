import { posix } from 'node:path'

import type { InstructionSource } from '@errand/contract'
import { parseFrontMatter } from '@errand/core'

import type { Mirror } from '../mirror/mirror.ts'
import type { Run } from '../run/run.ts'
import { isFile, readEntries, type TreeEntry } from '../mirror/tree.ts'

/** Instructions of a repository that an agent has to be told. */
export interface Instruction {
  path: string
  text: string
  /** The files it is for, as globs; absent: all. */
  appliesTo?: string
}

export interface Instructions {
  told: Instruction[]
  /** Below folders, each for what is in its own: they are read when they are needed. */
  nested: string[]
}

const rootFiles = [
  'AGENTS.md',
  'CLAUDE.md',
  'GEMINI.md',
  '.github/copilot-instructions.md',
] as const
const pathFolder = '.github/instructions'

/**
 * What a repository tells its agents and this one does not read by itself. Each text once: a file that says
 * what another says, or only points to it, is left out, also when the other is one that the agent reads.
 *
 * @param tree of the trusted commit
 * @param reads what the agent reads by itself
 */
export async function findInstructions(
  run: Run,
  mirror: Mirror,
  tree: readonly TreeEntry[],
  reads: readonly InstructionSource[],
): Promise<Instructions> {
  const isRoot = ({ path }: TreeEntry) => rootFiles.some((root) => root === path)
  const paths = reads.includes(pathFolder) ? [] : tree.filter(isPathSpecific)
  const texts = await readEntries(run, mirror, [...tree.filter(isRoot), ...paths])
  const textOf = (path: string): string | undefined => {
    const entry = tree.find((entry) => entry.path === path)
    return entry && texts.get(entry.oid)?.trim()
  }
  const known = new Set(
    reads.flatMap((path) => [textOf(path), ...pointedAt(tree, path, textOf(path)).map(textOf)]),
  )
  const told: Instruction[] = []
  for (const path of rootFiles) {
    const entry = tree.find((entry) => entry.path === path)
    const text = textOf(path)
    if (reads.includes(path) || !entry || !isFile(entry) || !text || isPointer(text)) continue
    if (known.has(text)) continue
    known.add(text)
    told.push({ path, text })
  }
  return {
    told: [...told, ...paths.flatMap((entry) => readPathSpecific(entry, texts.get(entry.oid)))],
    nested: nestedOf(tree, reads),
  }
}

/** A link, or a file that is nothing but `@AGENTS.md`, stands for another. */
function pointedAt(tree: readonly TreeEntry[], path: string, text: string | undefined): string[] {
  if (text === undefined) return []
  const entry = tree.find((entry) => entry.path === path)
  const targets =
    entry !== undefined && !isFile(entry)
      ? [text]
      : [...text.matchAll(/(?:^|\s)@([\w./-]+)/g)].map(([, target]) => target ?? '')
  return targets.map((target) => posix.join(posix.dirname(path), target))
}

function isPointer(text: string): boolean {
  return /^@\S+$/.test(text)
}

function isPathSpecific(entry: TreeEntry): boolean {
  return isFile(entry) && new RegExp(`^${pathFolder}/.+\\.instructions\\.md$`).test(entry.path)
}

/** One without `applyTo` is for whoever asks for it; one can be meant for reviews alone. */
function readPathSpecific({ path }: TreeEntry, text: string | undefined): Instruction[] {
  const read = text === undefined ? { problem: '' } : parseFrontMatter(text)
  if ('problem' in read || read.body === '') return []
  const { applyTo, excludeAgent } = read.fields
  if (typeof applyTo !== 'string' || applyTo.trim() === '') return []
  if (excludeAgent === 'coding-agent' || excludeAgent === 'cloud-agent') return []
  const globs = applyTo.split(',').map((glob) => glob.trim())
  const isForAll = globs.some((glob) => glob === '**' || glob === '**/*' || glob === '*')
  return [{ path, text: read.body, ...(isForAll ? {} : { appliesTo: globs.join(', ') }) }]
}

const mostNested = 50

/** The nearest counts: of one folder one file, and none where the agent reads that kind by itself. */
function nestedOf(tree: readonly TreeEntry[], reads: readonly InstructionSource[]): string[] {
  const names = ['AGENTS.md', 'CLAUDE.md', 'GEMINI.md'] as const
  const byFolder = new Map<string, string[]>()
  for (const entry of tree) {
    const folder = posix.dirname(entry.path)
    if (folder === '.' || !isFile(entry)) continue
    if (!names.some((name) => name === posix.basename(entry.path))) continue
    byFolder.set(folder, [...(byFolder.get(folder) ?? []), posix.basename(entry.path)])
  }
  return [...byFolder]
    .filter(([, found]) => !reads.some((read) => found.includes(read)))
    .map(([folder, found]) => `${folder}/${names.find((name) => found.includes(name)) ?? ''}`)
    .slice(0, mostNested)
}
