import { dirname, join } from 'node:path'
import { cutMiddle } from '../process/keep-ends.ts'
import { readText } from './read-text.ts'
import { ToolError } from './tools/tool.ts'
import { isBelow, nameInWorkspace, resolveInWorkspace } from './workspace-path.ts'

/** What a project tells those who work on it, by the names agents have agreed on. */
export interface Note {
  /** Relative to the workspace. */
  path: string
  text: string
}

/** What the coder reads by itself. Of the rest a repository tells, and of its skills, its client tells it. */
export const rootNames = [
  'AGENTS.md',
  'CLAUDE.md',
  'GEMINI.md',
  '.github/copilot-instructions.md',
] as const
/** Of these the first that is there: the others usually say the same. */
const nestedNames = ['AGENTS.md', 'CLAUDE.md', 'GEMINI.md']

/** The notes at the root. What says the same as another, or only points to it, is left out. */
export async function readRootNotes(workspace: string, limit: number): Promise<Note[]> {
  const notes: Note[] = []
  for (const path of rootNames) {
    const text = await readNote(workspace, path, limit)
    if (text === undefined || isPointer(text)) continue
    if (!notes.some((note) => note.text === text)) notes.push({ path, text })
  }
  return notes
}

/** The notes of the folders between the root and a file, or of a folder itself, outermost first. */
export async function readNestedNotes(
  workspace: string,
  path: string,
  limit: number,
): Promise<Note[]> {
  const notes: Note[] = []
  let folder = await resolveInWorkspace(workspace, path)
  while (folder !== workspace && isBelow(workspace, folder)) {
    for (const name of nestedNames) {
      const notePath = nameInWorkspace(workspace, join(folder, name))
      const text = await readNote(workspace, notePath, limit)
      if (text === undefined) continue
      notes.unshift({ path: notePath, text })
      break
    }
    folder = dirname(folder)
  }
  return notes
}

async function readNote(
  workspace: string,
  path: string,
  limit: number,
): Promise<string | undefined> {
  try {
    const text = await readText(await resolveInWorkspace(workspace, path), path)
    return cutMiddle(text.trim(), limit) || undefined
  } catch (error) {
    // Not there, or no text that could be read: a repository may hold anything by that name.
    if (error instanceof ToolError) return undefined
    throw error
  }
}

/** `@AGENTS.md` is how CLAUDE.md refers to the other file. */
function isPointer(text: string): boolean {
  return /^@\S+$/.test(text)
}
