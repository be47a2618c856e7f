import { AnswerError, type Client, speaksErrand } from '@errand/contract'
import { findRepository } from '../client/git-remote.ts'
import { UserError } from '../errors.ts'
import type { Terminal } from '../terminal/terminal.ts'

export interface Target {
  repo?: string
  org?: string
}

/** A configuration as it was read, and where it is. */
export interface ConfigurationDocument {
  /** As people call it. */
  name: string
  path: string
  method: 'PATCH' | 'PUT'
  etag: string | undefined
  values: Record<string, unknown>
}

/** The configuration of a repository, or of an organization. @throws UserError */
export async function readDocument(
  terminal: Pick<Terminal, 'cwd' | 'signal'>,
  client: Client,
  target: Target,
): Promise<ConfigurationDocument> {
  if (target.repo !== undefined && target.org !== undefined) {
    throw new UserError('Give one of -R and --org, not both.')
  }
  const { name, path } = await pathOf(terminal, target)
  const response = await client.request('GET', `${path}/configuration`, { signal: terminal.signal })
  return {
    name,
    path: `${path}/configuration`,
    method: target.org === undefined ? 'PATCH' : 'PUT',
    etag: response.headers.get('etag') ?? undefined,
    // The server answers with an object.
    values: (await response.json()) as Record<string, unknown>,
  }
}

export async function pathOf(
  { cwd }: Pick<Terminal, 'cwd'>,
  { repo: given, org }: Target,
): Promise<{ name: string; path: string }> {
  if (org !== undefined) {
    return { name: org, path: `/orgs/${encodeURIComponent(org)}/copilot/cloud-agent` }
  }
  const { owner, repo } = await findRepository(given, cwd)
  return { name: `${owner}/${repo}`, path: `/repos/${owner}/${repo}/copilot/cloud-agent` }
}

/**
 * Writes what is different, unless somebody changed it since it was read.
 *
 * @throws UserError on a server that has no such operation, and where it was changed meanwhile
 */
export async function writeDocument(
  { signal }: Pick<Terminal, 'signal'>,
  client: Client,
  document: ConfigurationDocument,
  values: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  const { method, path, etag } = document
  const isNew = ([field, value]: [string, unknown]) =>
    JSON.stringify(value) !== JSON.stringify(document.values[field])
  const body = method === 'PUT' ? values : Object.fromEntries(Object.entries(values).filter(isNew))
  const headers = etag === undefined ? {} : { 'if-match': etag }
  return await changed(document, client, signal, async () => {
    const response = await client.request(method, path, { body, headers, signal })
    return (await response.json()) as Record<string, unknown>
  })
}

/**
 * Takes back what the repository says of fields, one after the other, or of all where none is named, unless
 * somebody changed it since it was read.
 *
 * @throws UserError as `writeDocument`
 */
export async function deleteFields(
  { signal }: Pick<Terminal, 'signal'>,
  client: Client,
  document: ConfigurationDocument,
  fields: readonly string[],
): Promise<Record<string, unknown>> {
  return await changed(document, client, signal, async () => {
    let { etag, values } = document
    for (const field of fields.length === 0 ? [undefined] : fields) {
      const headers = etag === undefined ? {} : { 'if-match': etag }
      const options = { query: { field }, headers, signal }
      const response = await client.request('DELETE', document.path, options)
      etag = response.headers.get('etag') ?? undefined
      values = (await response.json()) as Record<string, unknown>
    }
    return values
  })
}

/** Says what it means where a change was refused. */
async function changed<T>(
  { name }: ConfigurationDocument,
  client: Client,
  signal: AbortSignal,
  change: () => Promise<T>,
): Promise<T> {
  try {
    return await change()
  } catch (error) {
    if (!(error instanceof AnswerError)) throw error
    if (error.status === 412) {
      throw new UserError(`The configuration of ${name} was changed meanwhile.`, {
        remedy: 'Nothing was written: look at it, and try again.',
        cause: error,
      })
    }
    if (error.status !== 404 || (await speaksErrand(client, signal))) throw error
    throw new UserError("GitHub's API can show a configuration, but not change it.", {
      remedy: `Change it on the settings page of ${name}, under Copilot, Cloud agent.`,
      cause: error,
    })
  }
}
