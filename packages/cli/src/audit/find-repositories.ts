import { readFile } from 'node:fs/promises'
import { AnswerError } from '@errand/contract'
import { z } from 'zod'
import { UserError } from '../errors.ts'
import type { Reader } from './reader.ts'

export interface AuditTargets {
  repos: readonly string[]
  orgs: readonly string[]
  /** Of organizations: archived repositories too, in which no agent can run. */
  archived: boolean
}

/** A hundred thousand repositories; a server that names ever more pages is not followed for ever. */
const mostPages = 1000

const ListedRepository = z.object({
  full_name: z.string(),
  archived: z.boolean().default(false),
})
const ListedRepositories = z.array(ListedRepository)

/**
 * The repositories to look at, by name, each once. Those that were named are not asked for: that they can
 * be read shows itself.
 *
 * @throws UserError when there are none, or an organization cannot be listed
 */
export async function findRepositories(reader: Reader, targets: AuditTargets): Promise<string[]> {
  const names = [...targets.repos]
  for (const org of targets.orgs) {
    const listed = await listOrg(reader, org)
    const wanted = listed.filter(({ archived }) => targets.archived || !archived)
    names.push(...wanted.map((repository) => repository.full_name))
  }
  const unique = new Map(names.map((name) => [name.toLowerCase(), requireName(name)]))
  if (unique.size === 0) {
    throw new UserError('There are no repositories to look at.', {
      remedy: 'Name them with --repo or --file, or give --org.',
    })
  }
  return [...unique.values()].toSorted((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1))
}

/** One name a line, `#` begins a comment. */
export async function readNames(path: string): Promise<string[]> {
  const lines = (await readFile(path, 'utf8')).split('\n')
  return lines.map((line) => line.replace(/#.*/, '').trim()).filter((line) => line !== '')
}

/** A name goes into a path: it may have only what names on GitHub have. */
function requireName(name: string): string {
  if (/^[\w.-]+\/[\w.-]+$/.test(name) && !/(^|\/)\.{1,2}(\/|$)/.test(name)) return name
  throw new UserError(`\`${name}\` is not the name of a repository: it must be owner/name.`)
}

async function listOrg(reader: Reader, org: string): Promise<z.infer<typeof ListedRepositories>> {
  const path = `/orgs/${encodeURIComponent(org)}/repos`
  const all: z.infer<typeof ListedRepositories> = []
  for (let page = 1; ; page += 1) {
    const { body, hasNext } = await getPage(reader, `${path}?per_page=100&page=${page}`, org)
    const parsed = ListedRepositories.safeParse(body)
    if (!parsed.success) {
      throw new UserError(`The server's list of repositories of ${org} cannot be read.`, {
        cause: parsed.error,
      })
    }
    all.push(...parsed.data)
    if (!hasNext) return all
    if (page === mostPages) throw new UserError(`The list of repositories of ${org} does not end.`)
  }
}

async function getPage(reader: Reader, path: string, org: string) {
  try {
    return await reader.get(path)
  } catch (error) {
    if (!(error instanceof AnswerError) || error.status !== 404) throw error
    throw new UserError(`There is no organization ${org}, or it is not yours to see.`, {
      cause: error,
    })
  }
}
