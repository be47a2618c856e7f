import { AnswerError, type Client } from '@errand/contract'
import { parseDocument } from 'yaml'
import type { z } from 'zod'
import type { RepositoryName } from '../client/git-remote.ts'
import { UserError } from '../errors.ts'
import { printableLine } from '../terminal/printable.ts'
import { AutomationFile } from './automation-file.ts'

const folder = '.github/errand/automations'

/**
 * The automations that the files of a repository's default branch describe, by their path.
 *
 * @throws UserError naming every file and key that is wrong: then nothing at all is to be done
 */
export async function readFiles(
  client: Client,
  { owner, repo }: RepositoryName,
  signal: AbortSignal,
): Promise<Map<string, AutomationFile>> {
  const contents = `/repos/${owner}/${repo}/contents`
  const files = new Map<string, AutomationFile>()
  const problems: string[] = []
  for (const path of await listFiles(client, contents, signal)) {
    const accept = 'application/vnd.github.raw+json'
    const url = `${contents}/${path.split('/').map(encodeURIComponent).join('/')}`
    const answer = await client.request('GET', url, { accept, signal })
    const read = parseFile(await answer.text())
    if ('problems' in read) problems.push(...read.problems.map((text) => `${path}: ${text}`))
    else files.set(path, read)
  }
  problems.push(...namedTwice(files))
  if (problems.length > 0) throw new UserError(problems.map(printableLine).join('\n'))
  return files
}

async function listFiles(client: Client, contents: string, signal: AbortSignal) {
  try {
    const answer = await client.request('GET', `${contents}/${folder}`, { signal })
    // What every GitHub-compatible forge answers for a folder; for a file it is no list.
    const entries = (await answer.json()) as { type: string; path: string }[]
    if (!Array.isArray(entries)) throw new UserError(`${folder} is no folder.`)
    return entries
      .filter(({ type, path }) => type === 'file' && /\.ya?ml$/.test(path))
      .map(({ path }) => path)
      .sort()
  } catch (error) {
    if (error instanceof AnswerError && error.status === 404) return []
    throw error
  }
}

function parseFile(text: string): AutomationFile | { problems: string[] } {
  const document = parseDocument(text)
  const [error] = document.errors
  if (error !== undefined) return { problems: [error.message.split('\n', 1)[0] ?? ''] }
  // Anchors that repeat themselves would grow without end: yaml refuses to, by its default limit.
  const parsed = AutomationFile.safeParse(document.toJS())
  return parsed.success ? parsed.data : { problems: parsed.error.issues.map(explain) }
}

function explain(issue: z.core.$ZodIssue): string {
  const key = issue.path.join('.')
  if (issue.code === 'unrecognized_keys') {
    return `${[key, issue.keys[0]].filter(Boolean).join('.')} is not a key of an automation`
  }
  return `${key === '' ? 'it' : `${key}:`} ${issue.message}`
}

function namedTwice(files: ReadonlyMap<string, AutomationFile>): string[] {
  const byName = new Map<string, string>()
  return [...files].flatMap(([path, { name }]) => {
    const other = byName.get(name)
    byName.set(name, path)
    return other === undefined ? [] : [`${path}: ${other} has the same name`]
  })
}
