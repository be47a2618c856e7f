import { ErrandError, invalidField } from '@errand/contract'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { ForgeContext, Urls } from '../context.ts'
import { readCommit } from '../git/commits.ts'
import { git, gitMaybe } from '../git/git.ts'
import { isBranchName, listBranches, resolveBranch } from '../git/refs.ts'
import { nodeId } from '../present/account.ts'
import { presentCommit } from '../present/commit.ts'
import { readBody, requireRepository, sendPage, urlsOf } from './request.ts'

const NewRef = z.object({ ref: z.string(), sha: z.string().regex(/^[0-9a-f]{40}$/) })

/** Branches, and refs as git has them. */
export function refRoutes(app: FastifyInstance, context: ForgeContext): void {
  app.get('/repos/:owner/:repo/branches', async (request, reply) => {
    const { repository, name } = requireRepository(context, request, 'contents', 'read')
    const urls = urlsOf(context, app.prefix)
    const branches = await listBranches(context.records.gitFolder(repository.id))
    return sendPage(context, request, reply, branches).map((branch) => ({
      name: branch.name,
      commit: { sha: branch.sha, url: `${urls.api}/repos/${name}/commits/${branch.sha}` },
      protected: false,
    }))
  })

  app.get<{ Params: { '*': string } }>('/repos/:owner/:repo/branches/*', async (request) => {
    const { repository, name } = requireRepository(context, request, 'contents', 'read')
    const urls = urlsOf(context, app.prefix)
    const gitDir = context.records.gitFolder(repository.id)
    const branch = request.params['*']
    const sha = await resolveBranch(gitDir, branch)
    if (sha === undefined) throw new ErrandError('not_found', { message: 'Branch not found' })
    const url = `${urls.api}/repos/${name}/branches/${branch}`
    return {
      name: branch,
      commit: presentCommit(name, await readCommit(gitDir, sha), urls),
      _links: { self: url, html: `${urls.web}/${name}/tree/${branch}` },
      protected: false,
      protection: {},
      protection_url: `${url}/protection`,
    }
  })

  app.get<{ Params: { '*': string } }>('/repos/:owner/:repo/git/ref/*', async (request) => {
    const { repository, name } = requireRepository(context, request, 'contents', 'read')
    const gitDir = context.records.gitFolder(repository.id)
    const ref = `refs/${request.params['*']}`
    const found = await readRef(gitDir, ref)
    if (found === undefined) throw new ErrandError('not_found')
    return presentRef(name, ref, found, urlsOf(context, app.prefix))
  })

  app.post('/repos/:owner/:repo/git/refs', async (request, reply) => {
    const { repository, name } = requireRepository(context, request, 'contents', 'write')
    const gitDir = context.records.gitFolder(repository.id)
    const { ref, sha } = readBody(NewRef, request.body, 'Reference')
    if (!/^refs\/(heads|tags)\//.test(ref) || !isBranchName(ref)) {
      throw invalidField(
        'ref',
        `ref '${ref}' must begin with refs/heads/ or refs/tags/ and be a valid name`,
        'Reference',
      )
    }
    if ((await gitMaybe(['cat-file', '-e', sha], { gitDir })) === undefined) {
      throw invalidField('sha', 'Object does not exist', 'Reference')
    }
    if ((await readRef(gitDir, ref)) !== undefined) {
      throw new ErrandError('validation_failed', {
        message: 'Reference already exists',
        errors: [{ resource: 'Reference', field: 'ref', code: 'already_exists' }],
      })
    }
    // The empty old value makes it fail where somebody was faster.
    await git(['update-ref', ref, sha, ''], { gitDir })
    const created = presentRef(name, ref, { type: 'commit', sha }, urlsOf(context, app.prefix))
    return await reply.code(201).send(created)
  })

  app.delete<{ Params: { '*': string } }>(
    '/repos/:owner/:repo/git/refs/*',
    async (request, reply) => {
      const { repository } = requireRepository(context, request, 'contents', 'write')
      const gitDir = context.records.gitFolder(repository.id)
      const ref = `refs/${request.params['*']}`
      const found = /^refs\/(heads|tags)\//.test(ref) ? await readRef(gitDir, ref) : undefined
      if (found === undefined) throw invalidField('ref', 'Reference does not exist', 'Reference')
      if (ref === `refs/heads/${repository.default_branch}`) {
        throw invalidField('ref', 'the default branch cannot be deleted', 'Reference')
      }
      await git(['update-ref', '-d', ref, found.sha], { gitDir })
      return await reply.code(204).send()
    },
  )
}

async function readRef(
  gitDir: string,
  ref: string,
): Promise<{ sha: string; type: string } | undefined> {
  if (!isBranchName(ref)) return undefined
  const line = await gitMaybe(
    ['for-each-ref', '--format=%(objectname) %(objecttype) %(refname)', '--', ref],
    { gitDir },
  )
  const exact = (line ?? '').split('\n').find((item) => item.endsWith(` ${ref}`))
  const [sha = '', type = ''] = exact?.split(' ') ?? []
  return sha === '' ? undefined : { sha, type }
}

function presentRef(name: string, ref: string, object: { sha: string; type: string }, urls: Urls) {
  return {
    ref,
    node_id: nodeId('Ref', `${name}:${ref}`),
    url: `${urls.api}/repos/${name}/git/${ref}`,
    object: { ...object, url: `${urls.api}/repos/${name}/git/${object.type}s/${object.sha}` },
  }
}
