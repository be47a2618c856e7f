import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { ErrandError, invalidField } from '@errand/contract'
import { checkObjects } from '../git/check-objects.ts'
import { git, GitFailed, type GitOptions, gitText } from '../git/git.ts'
import { listBranches, pointHead } from '../git/refs.ts'
import { createAccount, findAccount } from '../identity/accounts.ts'
import type { Account, Records, Repository } from '../records/records.ts'
import { addRepository, initRepository } from './create-repository.ts'

export interface ImportOptions {
  signal?: AbortSignal
  /** git's own progress, as it comes. */
  onProgress?: (text: string) => void
  /** Default false: everybody may read it. */
  private?: boolean
  /** Who owns an owner that is made for this import. */
  admin?: Account
}

/** An import may take long: a large repository over a slow line. */
const importTimeoutMs = 3_600_000

/**
 * Copies branches and tags of a folder or a URL into a new repository; an owner that is not there is
 * made, as an organization. All or nothing. The default branch is the source's; a source without
 * branches, as CI checks out, has its commit become `main`.
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
  const [login = '', repo = '', ...more] = name.split('/')
  if (more.length > 0 || login === '' || repo === '') {
    throw invalidField('name', `name '${name}' must be owner/name`, 'Repository')
  }
  const known = findAccount(records, login)
  const owner =
    known ??
    (await createAccount(records, {
      login,
      type: 'Organization',
      admins: options.admin === undefined ? [] : [options.admin.id],
    }))
  try {
    const input = { owner, name: repo, private: options.private ?? false }
    return await addRepository(records, input, async (gitDir) => await copy(from, gitDir, options))
  } catch (error) {
    const isUsed = records.repositories.values().some((item) => item.owner_id === owner.id)
    if (known === undefined && !isUsed) await records.accounts.delete(String(owner.id))
    throw error
  }
}

/** The ways git may fetch: `ext::` and its like would run a command. */
const transports = 'file:git:http:https:ssh'

async function requireSource(source: string): Promise<string> {
  if (/^[a-z][a-z0-9+.-]*::/i.test(source) || /^-|[\u0000-\u001f]/.test(source)) {
    throw invalidField(
      'source',
      'source must be a folder or an https, http, ssh or git URL',
      'Repository',
    )
  }
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(source) || /^[\w.-]+@[\w.-]+:/.test(source)) return source
  const folder = resolve(source)
  const found = await stat(folder).catch(() => undefined)
  if (found?.isDirectory() !== true) {
    throw invalidField('source', `source '${source}' is no folder on this machine`, 'Repository')
  }
  const shallow = await reading(() =>
    gitText(['-C', folder, 'rev-parse', '--is-shallow-repository'], {}),
  )
  if (shallow !== 'true') return folder
  throw invalidField(
    'source',
    `source '${source}' is a shallow clone, which has no whole history to copy; run \`git fetch --unshallow\` in it first`,
    'Repository',
  )
}

/** Fills a new git repository from a source; gives its default branch. */
async function copy(source: string, gitDir: string, options: ImportOptions): Promise<string> {
  const reader: GitOptions = {
    env: { GIT_ALLOW_PROTOCOL: transports, GIT_SSH_COMMAND: 'ssh -o BatchMode=yes' },
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  }
  const head = await reading(() => readHead(source, reader))
  await initRepository(gitDir, head.branch ?? 'main')
  const refs = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*']
  if (head.isLoose) refs.push('+HEAD:refs/heads/main')
  const flags = ['--progress', '--no-auto-maintenance', '--no-write-fetch-head']
  await reading(() =>
    git(['fetch', ...flags, '--', source, ...refs], {
      ...reader,
      gitDir,
      config: checkObjects('fetch'),
      timeoutMs: importTimeoutMs,
      ...(options.onProgress === undefined ? {} : { onStderr: options.onProgress }),
    }),
  )
  return await settleHead(gitDir, head.branch)
}

/** The branch HEAD names, if any; `isLoose` when there is a commit but no branch at all. */
async function readHead(
  source: string,
  options: GitOptions,
): Promise<{ branch?: string; isLoose: boolean }> {
  const lines = (await gitText(['ls-remote', '--symref', '--', source], options)).split('\n')
  const [, branch] = /^ref: refs\/heads\/(\S+)\tHEAD$/.exec(lines[0] ?? '') ?? []
  const hasCommit = lines.some((line) => line.endsWith('\tHEAD'))
  const hasBranch = lines.some((line) => /^[0-9a-f]+\trefs\/heads\//.test(line))
  return { ...(branch === undefined ? {} : { branch }), isLoose: hasCommit && !hasBranch }
}

/** The default branch: the source's, or main, master, or the first there is. */
async function settleHead(gitDir: string, head: string | undefined): Promise<string> {
  const names = (await listBranches(gitDir)).map((branch) => branch.name)
  const chosen = [head, 'main', 'master', names[0]].find(
    (name) => name !== undefined && names.includes(name),
  )
  if (chosen !== undefined) await pointHead(gitDir, chosen)
  return chosen ?? head ?? 'main'
}

/** Turns git's refusal to read the source into a problem of the source. */
async function reading<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (!(cause instanceof GitFailed)) throw cause
    const lines = cause.stderr.split('\n')
    const reason = lines.findLast((line) => /^(fatal|error):/.test(line)) ?? lines.at(-1) ?? ''
    throw new ErrandError('validation_failed', {
      errors: [
        {
          resource: 'Repository',
          field: 'source',
          code: 'custom',
          message: `source could not be read: ${reason}`,
        },
      ],
      cause,
    })
  }
}
