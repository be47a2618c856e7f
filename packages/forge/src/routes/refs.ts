import { ErrandError, invalidField } from '@errand/contract'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { ForgeContext, Urls } from '../context.ts'
import { isAncestor, readCommit } from '../git/commits.ts'
import { gitMaybe } from '../git/git.ts'
import {
  isWritableRef,
  listBranches,
  listRefs,
  moveRef,
  noObject,
  readRef,
  type Ref,
  resolveBranch,
} from '../git/refs.ts'
import { nodeId } from '../present/account.ts'
import { presentCommit } from '../present/commit.ts'
import { inPath } from '../present/in-path.ts'
import type { Repository } from '../records/records.ts'
import { notePush } from '../repositories/note-push.ts'
import { readBody } from './body.ts'
import { requireCaller, requireRepository, sendPage, urlsOf } from './request.ts'

const Sha = z.string().regex(/^[0-9a-f]{40}$/, 'must be a full object id of 40 characters')
const NewRef = z.object({ ref: z.string(), sha: Sha })
const ChangedRef = z.object({ sha: Sha, force: z.boolean().default(false) })

const repo = '/repos/:owner/:repo'
const read = { permissions: ['contents'], level: 'read' } as const
const write = { permissions: ['contents'], level: 'write' } as const

type Rest = { Params: { '*': string } }

/** Branches, and refs as git has them. */
export function refRoutes(app: FastifyInstance, context: ForgeContext): void {
  branchRoutes(app, context)
  readRoutes(app, context)
  writeRoutes(app, context)
}

function branchRoutes(app: FastifyInstance, context: ForgeContext): void {
  app.get(`${repo}/branches`, async (request, reply) => {
    const { name, gitDir } = requireRepository(context, request, read)
    const urls = urlsOf(context, app.prefix)
    // No branch is protected here.
    const isAsked = (request.query as { protected?: string }).protected === 'true'
    const branches = isAsked ? [] : await listBranches(gitDir)
    return sendPage(context, request, reply, branches).map((branch) => ({
      name: branch.name,
      commit: { sha: branch.sha, url: `${urls.api}/repos/${name}/commits/${branch.sha}` },
      protected: false,
    }))
  })

  app.get<Rest>(`${repo}/branches/*`, async (request) => {
    const { name, gitDir } = requireRepository(context, request, read)
    const urls = urlsOf(context, app.prefix)
    const branch = request.params['*']
    const sha = await resolveBranch(gitDir, branch)
    if (sha === undefined) throw new ErrandError('not_found', { message: 'Branch not found' })
    const url = `${urls.api}/repos/${name}/branches/${inPath(branch)}`
    return {
      name: branch,
      commit: presentCommit(context.records, name, await readCommit(gitDir, sha), urls),
      _links: { self: url, html: `${urls.web}/${name}/tree/${inPath(branch)}` },
      protected: false,
      protection: { enabled: false },
      protection_url: `${url}/protection`,
    }
  })
}

function readRoutes(app: FastifyInstance, context: ForgeContext): void {
  app.get<Rest>(`${repo}/git/ref/*`, async (request) => {
    const { repository, name, gitDir } = requireRepository(context, request, read)
    const ref = await readRef(gitDir, `refs/${request.params['*']}`)
    if (ref === undefined) {
      const isEmpty = (await listRefs(gitDir, ['refs/heads/'])).length === 0
      throw new ErrandError(isEmpty ? 'empty_repository' : 'not_found')
    }
    return presentRef(repository, name, ref, urlsOf(context, app.prefix))
  })

  app.get<Rest>(`${repo}/git/matching-refs/*`, async (request, reply) => {
    const { repository, name, gitDir } = requireRepository(context, request, read)
    const start = `refs/${request.params['*']}`
    const urls = urlsOf(context, app.prefix)
    const all = await listRefs(gitDir, ['refs/heads/', 'refs/tags/', 'refs/pull/'])
    const found = all.filter((ref) => ref.name.startsWith(start))
    return sendPage(context, request, reply, found).map((ref) =>
      presentRef(repository, name, ref, urls),
    )
  })
}

function writeRoutes(app: FastifyInstance, context: ForgeContext): void {
  app.post(`${repo}/git/refs`, async (request, reply) => {
    const { repository, name, gitDir } = requireRepository(context, request, write)
    const { ref, sha } = readBody(NewRef, request.body, 'Reference')
    if (!isWritableRef(ref)) {
      throw invalidField(
        'ref',
        `ref '${ref}' must begin with refs/heads/ or refs/tags/ and be a valid name`,
        'Reference',
      )
    }
    const type = await requireObject(gitDir, ref, sha)
    if ((await readRef(gitDir, ref)) !== undefined) throw refProblem('Reference already exists')
    if (!(await moveRef(gitDir, ref, sha, noObject))) {
      throw refProblem(`Reference cannot be created: another ref is in the way of '${ref}'`)
    }
    await notePush(context, repository.id, requireCaller(request).user.id)
    const created = { name: ref, sha, type }
    return await reply
      .code(201)
      .send(presentRef(repository, name, created, urlsOf(context, app.prefix)))
  })

  app.patch<Rest>(`${repo}/git/refs/*`, async (request) => {
    const { repository, name, gitDir } = requireRepository(context, request, write)
    const { sha, force } = readBody(ChangedRef, request.body, 'Reference')
    const ref = await requireWritable(gitDir, request.params['*'])
    const type = await requireObject(gitDir, ref.name, sha)
    if (!force && !(await isAncestor(gitDir, ref.sha, sha))) {
      throw refProblem('Update is not a fast forward')
    }
    if (!(await moveRef(gitDir, ref.name, sha, ref.sha))) throw refProblem('Reference was modified')
    await notePush(context, repository.id, requireCaller(request).user.id)
    return presentRef(repository, name, { ...ref, sha, type }, urlsOf(context, app.prefix))
  })

  app.delete<Rest>(`${repo}/git/refs/*`, async (request, reply) => {
    const { repository, gitDir } = requireRepository(context, request, write)
    const ref = await requireWritable(gitDir, request.params['*'])
    if (ref.name === `refs/heads/${repository.default_branch}`) {
      throw refProblem('The default branch cannot be deleted')
    }
    if (!(await moveRef(gitDir, ref.name, noObject, ref.sha))) {
      throw refProblem('Reference was modified')
    }
    await notePush(context, repository.id, requireCaller(request).user.id)
    return await reply.code(204).send()
  })
}

/** The object a ref is to name; a branch names commits alone. @throws ErrandError validation_failed */
async function requireObject(gitDir: string, ref: string, sha: string): Promise<string> {
  const type = await gitMaybe(['cat-file', '-t', sha], { gitDir }, [1, 128])
  if (type === undefined) throw refProblem('Object does not exist')
  if (type !== 'commit' && ref.startsWith('refs/heads/')) throw refProblem('Object is not a commit')
  return type
}

async function requireWritable(gitDir: string, path: string): Promise<Ref> {
  const name = `refs/${path}`
  const ref = isWritableRef(name) ? await readRef(gitDir, name) : undefined
  if (ref === undefined) throw refProblem('Reference does not exist')
  return ref
}

/** GitHub says it in the message itself, which clients match on. */
function refProblem(message: string): ErrandError {
  return new ErrandError('validation_failed', { message })
}

function presentRef(repository: Repository, name: string, ref: Ref, urls: Urls) {
  const { sha, type } = ref
  const api = `${urls.api}/repos/${name}/git`
  return {
    ref: ref.name,
    node_id: nodeId('Ref', `${repository.id}:${ref.name}`),
    url: `${api}/${inPath(ref.name)}`,
    object: { sha, type, url: `${api}/${type}s/${sha}` },
  }
}
