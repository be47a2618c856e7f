import { AnswerError, type Client } from '@errand/contract'
import { z } from 'zod'

/** The one branch it is proposed on: whoever runs it again finds it. */
export const fixBranch = 'errand/audit-fix'

const Repository = z.object({
  default_branch: z.string(),
  owner: z.object({ login: z.string() }),
})
const File = z.object({ sha: z.string(), content: z.string() })
const Ref = z.object({ object: z.object({ sha: z.string() }) })
const Pull = z.object({ html_url: z.string() })

/** A repository's file on its default branch; an empty text where there is none yet. */
export interface ConfigurationFile {
  repository: string
  path: string
  text: string
  default_branch: string
  owner: string
}

interface Asking {
  client: Client
  signal: AbortSignal
}

export async function readConfigurationFile(
  asking: Asking,
  repository: string,
  path: string,
): Promise<ConfigurationFile> {
  const found = await get(asking, Repository, `/repos/${repository}`)
  if (found === undefined) throw new Error('the repository is not to be seen')
  const { default_branch, owner } = found
  const file = await readFile(asking, { repository, path }, default_branch)
  return { repository, path, text: textOf(file), default_branch, owner: owner.login }
}

/**
 * Opens a pull request that puts a text into the file, or brings up to date the one there is. Each step is
 * looked for before it is made: run again, also after it broke off, there is one branch and one pull request.
 */
export async function proposeFix(
  asking: Asking,
  file: ConfigurationFile,
  proposal: { text: string; title: string; body: string },
): Promise<{ html_url: string; isNew: boolean }> {
  const { repository, default_branch: base, owner } = file
  const head = encodeURIComponent(`${owner}:${fixBranch}`)
  const query = `state=open&head=${head}&base=${encodeURIComponent(base)}`
  const open = (await get(asking, z.array(Pull), `/repos/${repository}/pulls?${query}`))?.[0]
  // What is left of one that was closed or merged is no base to go on from.
  if (open === undefined) await putBranch(asking, file)
  const there = await readFile(asking, file, fixBranch)
  if (textOf(there) !== proposal.text || there === undefined) {
    await asking.client.request('PUT', contentsPath(file), {
      body: {
        message: proposal.title,
        content: Buffer.from(proposal.text).toString('base64'),
        branch: fixBranch,
        ...(there !== undefined && { sha: there.sha }),
      },
      signal: asking.signal,
    })
  }
  if (open !== undefined) return { html_url: open.html_url, isNew: false }
  const { title, body } = proposal
  const response = await asking.client.request('POST', `/repos/${repository}/pulls`, {
    body: { title, body, head: fixBranch, base },
    signal: asking.signal,
  })
  return { ...Pull.parse(await response.json()), isNew: true }
}

/** The branch, where the default branch is now. */
async function putBranch(asking: Asking, file: ConfigurationFile): Promise<void> {
  const { client, signal } = asking
  const git = `/repos/${file.repository}/git`
  const base = await get(asking, Ref, `${git}/ref/heads/${inPath(file.default_branch)}`)
  if (base === undefined) throw new Error('its default branch has no commit yet')
  const { sha } = base.object
  const found = await get(asking, Ref, `${git}/ref/heads/${fixBranch}`)
  if (found === undefined) {
    const body = { ref: `refs/heads/${fixBranch}`, sha }
    await client.request('POST', `${git}/refs`, { body, signal })
  } else if (found.object.sha !== sha) {
    const body = { sha, force: true }
    await client.request('PATCH', `${git}/refs/heads/${fixBranch}`, { body, signal })
  }
}

async function readFile(
  asking: Asking,
  file: Pick<ConfigurationFile, 'repository' | 'path'>,
  ref: string,
): Promise<z.infer<typeof File> | undefined> {
  return await get(asking, File, `${contentsPath(file)}?ref=${encodeURIComponent(ref)}`)
}

function textOf(file: z.infer<typeof File> | undefined): string {
  return Buffer.from(file?.content ?? '', 'base64').toString('utf8')
}

function contentsPath({
  repository,
  path,
}: Pick<ConfigurationFile, 'repository' | 'path'>): string {
  return `/repos/${repository}/contents/${inPath(path)}`
}

function inPath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/')
}

/** Undefined where there is no such thing. */
async function get<T extends z.ZodType>(
  { client, signal }: Asking,
  schema: T,
  path: string,
): Promise<z.infer<T> | undefined> {
  try {
    const response = await client.request('GET', path, { signal })
    return schema.parse(await response.json())
  } catch (error) {
    if (error instanceof AnswerError && error.status === 404) return undefined
    throw error
  }
}
