import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '../errors.ts'
import { type GitOptions, runGit } from './git-command.ts'

/** Fetches what a bare copy of a shallow clone lacks. Throws `UserError` when it cannot be had. */
export async function fetchHistory(
  from: string,
  copy: GitOptions,
  reading: GitOptions,
): Promise<void> {
  const origin = await runGit(['-C', from, 'config', 'remote.origin.url'], reading).catch(() => '')
  const remedy = 'Run `git fetch --unshallow` in it first.'
  if (origin.trim() === '') throw new UserError(`${from} is a shallow clone.`, { remedy })
  copy.onProgress?.(`${from} is a shallow clone: fetching the rest from where it came.\n`)
  const refs = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*']
  const options = ['--unshallow', '--update-head-ok', '--progress']
  await runGit(['fetch', ...options, origin.trim(), ...refs], copy).catch((cause: unknown) => {
    if (!(cause instanceof UserError)) throw cause
    const message = `${from} is a shallow clone, and the rest cannot be fetched: ${cause.message}`
    throw new UserError(message, { remedy, cause })
  })
}

/**
 * Makes the state of a branch the first commit of a bare copy, for a forge takes no history whose
 * beginning is missing. Other branches and tags are left out.
 */
export async function beginHistory(
  branch: string,
  copy: GitOptions & { cwd: string },
): Promise<void> {
  const ref = `refs/heads/${branch}`
  const subject = (await runGit(['log', '-1', '--format=%s', ref], copy)).trim()
  const identity = ['-c', 'user.name=Errand', '-c', 'user.email=errand@localhost']
  const commit = [...identity, 'commit-tree', '-m', subject || 'Begin', `${ref}^{tree}`]
  const first = (await runGit(commit, copy)).trim()
  const refs = (await runGit(['for-each-ref', '--format=%(refname)'], copy)).trim().split('\n')
  for (const other of refs.filter((name) => name !== ref)) {
    await runGit(['update-ref', '-d', other], copy)
  }
  await runGit(['update-ref', ref, first], copy)
  await rm(join(copy.cwd, 'shallow'))
}
