import { askToShow } from './ask-to-show.ts'
import type { Run } from './run.ts'

export interface ForgeFile {
  owner: string
  repo: string
  path: string
  /** Default: the default branch. */
  ref?: string
}

/**
 * A file of a repository at a commit or branch, by the forge's API. Undefined where there is none; without its text
 * where the path is no file.
 *
 * @param absent statuses by which the forge says that there is none. Default: 404
 * @throws SessionFailed forge_refused
 */
export async function readForgeFile(
  run: Run,
  { owner, repo, path, ...at }: ForgeFile,
  absent: readonly number[] = [404],
): Promise<{ text?: string } | undefined> {
  const route = `GET /repos/{owner}/{repo}/contents/${path.split('/').map(encodeURIComponent).join('/')}`
  const parameters = { owner, repo, ...at, mediaType: { format: 'raw' } }
  const shown = { what: `${path} of ${owner}/${repo}`, absent }
  const answer = await askToShow(run, shown, route, parameters)
  if (answer === undefined) return undefined
  // What says of no character set that it is text comes as bytes.
  if (answer instanceof ArrayBuffer) return { text: Buffer.from(answer).toString('utf8') }
  return typeof answer === 'string' ? { text: answer } : {}
}
