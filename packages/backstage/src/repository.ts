import { InputError } from '@backstage/errors'

export interface Repository {
  /** Absent in `owner/name`: the GitHub that is meant where no other is named. */
  host?: string
  owner: string
  fullName: string
}

const name = /^[\w.-]+$/

/**
 * Reads a repository as Backstage's RepoUrlPicker writes it, `github.com?owner=acme&repo=shop`, or as
 * `acme/shop`. Throws an `InputError` that names the field.
 */
export function parseRepository(field: string, text: string): Repository {
  const { host, owner, repo } = readPicked(text) ?? readFullName(text)
  if (owner === undefined || repo === undefined || !name.test(owner) || !name.test(repo)) {
    throw new InputError(
      `${field} is '${text}', which is no repository; write github.com?owner=acme&repo=shop or acme/shop.`,
    )
  }
  return { ...(host && { host }), owner, fullName: `${owner}/${repo}` }
}

interface Parts {
  host?: string
  owner?: string | undefined
  repo?: string | undefined
}

function readPicked(text: string): Parts | undefined {
  if (!text.includes('?') || !URL.canParse(`https://${text}`)) return undefined
  const { host, searchParams } = new URL(`https://${text}`)
  return {
    host,
    owner: searchParams.get('owner') ?? undefined,
    repo: searchParams.get('repo') ?? undefined,
  }
}

function readFullName(text: string): Parts {
  const [owner, repo, ...more] = text.split('/')
  return more.length === 0 ? { owner, repo } : {}
}
