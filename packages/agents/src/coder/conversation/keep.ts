import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Conversation } from './conversation.ts'

/** Session ids are ours: anything else is no file name to look for. */
const sessionIdPattern = /^[0-9a-f-]{36}$/

/** Writes a conversation so that a process that dies at any moment leaves the old or the new one. */
export async function keepConversation(home: string, conversation: Conversation): Promise<void> {
  const path = pathOf(home, conversation.session_id)
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const file = await open(`${path}.new`, 'w', 0o600)
  try {
    await file.writeFile(JSON.stringify(conversation))
    // The session may be put away for days, and the machine switched off.
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(`${path}.new`, path)
}

/** @returns undefined for one that was never kept */
export async function readConversation(
  home: string,
  sessionId: string,
): Promise<Conversation | undefined> {
  if (!sessionIdPattern.test(sessionId)) return undefined
  try {
    return Conversation.parse(JSON.parse(await readFile(pathOf(home, sessionId), 'utf8')))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

function pathOf(home: string, sessionId: string): string {
  return join(home, '.errand', 'sessions', `${sessionId}.json`)
}
