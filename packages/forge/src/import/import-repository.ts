import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { ErrandError, invalidField } from '@errand/contract'
import { git, GitFailed, gitMaybe } from '../git/git.ts'
import { listBranches } from '../git/refs.ts'
import { createAccount, findAccount } from '../identity/accounts.ts'
import type { Account, Records, Repository } from '../records/records.ts'
import { addRepository, initRepository } from '../repositories.ts'

export interface ImportOptions {
  signal?: AbortSignal
  /** git's own progress, as it comes. */
  onProgress?: (text: string) => void
  /** Who owns an owner that is made for this import. */
  admin?: Account
}

/** What git may fetch by: `ext::` and its like would run a command. */
const transports = 'file:git:http:https:ssh'

/** An import may take long: a large repository over a slow line. */
const importTimeoutMs = 3_600_000

/**
 * Copies branches and tags of a folder or a URL into a new repository; an owner that is not there is
 * made, as an organization. All or nothing.
 *
 * @throws ErrandError validation_failed when the source cannot be read or the name is taken.
 */
export async function importRepository(
  records: Records,
  source: string,
  name: string,
  options: ImportOptions = {},
): Promise<Repository> {
  const from = await requireSource(source)
  const [owner = '', repo = '', ...more] = name.split('/')
  if (more.length > 0 || owner === '' || repo === '') {
    throw invalidField('name', `name '${name}' must be owner/name`, 'Repository')
  }
  const account =
    findAccount(records, owner) ??
    (await createAccount(records, {
      login: owner,
      type: 'Organization',
      admins: options.admin === undefined ? [] : [options.admin.id],
    }))
  return await addRepository(records, { owner: account, name: repo }, async (gitDir) => {
    const head = await headOf(from, options)
    await initRepository(gitDir, head ?? 'main')
    await fetchAll(from, gitDir, options)
    return await settleHead(gitDir, head)
  })
}

async function requireSource(source: string): Promise<string> {
  if (/^[a-z][a-z0-9+.-]*::/i.test(source) || source.startsWith('-')) {
    throw invalidField(
      'source',
      'source must be a folder or an https, http, ssh or git URL',
      'Repository',
    )
  }
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(source) || /^[\w.-]+@[\w.-]+:/.test(source)) return source
  const folder = resolve(source)
  const found = await stat(folder).catch(() => undefined)
  if (found?.isDirectory() === true) return folder
  throw invalidField('source', `source '${source}' is no folder on this machine`, 'Repository')
}

async function headOf(source: string, options: ImportOptions): Promise<string | undefined> {
  const env = { GIT_ALLOW_PROTOCOL: transports }
  const signal = options.signal === undefined ? {} : { signal: options.signal }
  const answer = await gitMaybe(['ls-remote', '--symref', '--', source, 'HEAD'], { env, ...signal })
  return /^ref: refs\/heads\/(\S+)\tHEAD$/m.exec(answer ?? '')?.[1]
}

async function fetchAll(source: string, gitDir: string, options: ImportOptions): Promise<void> {
  const refs = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*']
  try {
    await git(['fetch', '--progress', '--no-auto-gc', '--update-shallow', '--', source, ...refs], {
      gitDir,
      timeoutMs: importTimeoutMs,
      // What is imported is trusted to be as old repositories are: fsck refuses some of their commits.
      env: {
        GIT_ALLOW_PROTOCOL: transports,
        GIT_CONFIG_COUNT: '3',
        GIT_CONFIG_KEY_2: 'fetch.fsckObjects',
        GIT_CONFIG_VALUE_2: 'false',
      },
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      ...(options.onProgress === undefined ? {} : { onStderr: options.onProgress }),
    })
  } catch (cause) {
    if (!(cause instanceof GitFailed)) throw cause
    const reason = cause.stderr.split('\n').findLast((line) => /^(fatal|error):/.test(line)) ?? ''
    throw new ErrandError('validation_failed', {
      errors: [
        {
          resource: 'Repository',
          field: 'source',
          code: 'custom',
          message: `source could not be read: ${reason.replace(/\/\/[^@/\s]*@/g, '//')}`,
        },
      ],
      cause,
    })
  }
}

/** The default branch: the source's, or main, master, or the first there is. */
async function settleHead(gitDir: string, head: string | undefined): Promise<string> {
  const names = (await listBranches(gitDir)).map((branch) => branch.name)
  const chosen = [head, 'main', 'master', names[0]].find(
    (name) => name !== undefined && names.includes(name),
  )
  if (chosen !== undefined) await git(['symbolic-ref', 'HEAD', `refs/heads/${chosen}`], { gitDir })
  return chosen ?? head ?? 'main'
}
