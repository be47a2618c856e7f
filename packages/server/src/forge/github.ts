import { z } from 'zod'
import { type Caller, ErrandError, type Forge, type RepositoryAccess } from '@errand/contract'
import { type ActionsSettings, createActionsLogin } from './actions-login.ts'
import { actFor, authenticate } from './callers.ts'
import type { InstallationTokens } from './installation-tokens.ts'
import { commentAnswers } from './comments.ts'
import { createMemory } from './memory.ts'
import { findOrganization } from './organizations.ts'
import { pullAnswers } from './pulls.ts'
import { findRepository, requirePush } from './repositories.ts'
import { subjectAnswers } from './subjects.ts'
import { createUpstream, isFound, segment, type Upstream } from './upstream.ts'

export interface GitHubForgeOptions {
  apiUrl: string
  /** What work in a user's name, without a token of theirs, is asked with. Default: there is none. */
  automationToken?: string
  /** Errand's own App: what it opens is its bot's. */
  installationTokens?: InstallationTokens
  /** How workflows of GitHub Actions log in. Default: they do not. */
  actions?: ActionsSettings
  /** What is asked of a repository in a user's name, without an App. Default: there is none. */
  serviceToken?: string
  /** For tests. */
  clock?: () => number
}

/**
 * A GitHub host as the forge, asked through its REST API with the caller's own token: GitHub decides
 * who may see and do what. What it says of a token is believed for a minute, and revalidated after.
 */
export function createGitHubForge(options: GitHubForgeOptions): Forge {
  const { installationTokens: appTokens, automationToken, serviceToken } = options
  const upstream = createUpstream(options.apiUrl, options.clock)
  const actions =
    options.actions &&
    createActionsLogin(options.actions, async ({ id, repository }) => {
      const secret = (await appTokens?.(repository)) ?? serviceToken
      if (secret !== undefined) return await actFor(upstream, secret, id)
      throw new ErrandError('forbidden', {
        message:
          'Workflows cannot log in to this server: its settings name neither github_app nor forge_token to work for them',
      })
    })
  const pushes = createMemory<boolean>(options.clock)

  return {
    authenticate: async (token) => await authenticate(upstream, actions, token),
    async actFor({ id, repository }) {
      const appToken = repository === undefined ? undefined : await appTokens?.(repository)
      if (appToken !== undefined) return await actFor(upstream, appToken, id)
      const ownToken = automationToken ?? (repository === undefined ? undefined : serviceToken)
      if (ownToken !== undefined) return await actFor(upstream, ownToken, id)
      throw new ErrandError('forbidden', {
        message:
          'This server cannot run automations: its settings name no token for them (automations.token_env)',
      })
    },
    repository: async (caller, { owner, repo }) =>
      await findRepository(upstream, caller, `/repos/${segment(owner)}/${segment(repo)}`, {
        asked: `${owner}/${repo}`,
      }),
    repositoryById: async (caller, id, options) =>
      await findRepository(upstream, caller, `/repositories/${id}`, options),
    organization: async (caller, login) => await findOrganization(upstream, caller, login),
    async requirePush(caller, repository) {
      // What is archived is refused by name, further on.
      if (repository.archived) return
      await requirePush(upstream, pushes, caller, repository)
      // It does the work: better said now than by a session that fails.
      await appTokens?.(repository.full_name)
    },
    async passOn({ secret }, { path, ...init }) {
      // Beside /api/v3 on a GitHub Enterprise Server, at the root elsewhere.
      const isBeside = path === '/graphql' && upstream.apiUrl.endsWith('/api/v3')
      const target = isBeside ? '/../graphql' : path
      return await upstream.ask(secret, target, { ...init, redirect: 'manual' })
    },
    ...contentAnswers(upstream),
    ...commentAnswers(upstream),
    ...subjectAnswers(upstream),
    ...pullAnswers(upstream, async (caller, repository) =>
      appTokens === undefined ? caller.secret : await appTokens(repository.full_name),
    ),
  }
}

const BranchAnswer = z.object({ commit: z.object({ sha: z.string() }) })

function contentAnswers(
  upstream: Upstream,
): Pick<Forge, 'branchExists' | 'branchHead' | 'readFile' | 'diff'> {
  async function ask(caller: Caller, { full_name: name }: RepositoryAccess, path: string) {
    return await upstream.ask(caller.secret, `/repos/${name}${path}`)
  }
  async function read(caller: Caller, repository: RepositoryAccess, path: string, format: string) {
    const headers = { accept: `application/vnd.github.${format}` }
    const url = `/repos/${repository.full_name}${path}`
    return await upstream.ask(caller.secret, url, { headers })
  }
  return {
    branchExists: async (caller, repository, branch) =>
      await isFound(upstream, await ask(caller, repository, `/branches/${segment(branch)}`)),
    async branchHead(caller, repository, branch) {
      const response = await ask(caller, repository, `/branches/${segment(branch)}`)
      if (!(await isFound(upstream, response))) return undefined
      return BranchAnswer.parse(await response.json()).commit.sha
    },
    async readFile(caller, repository, branch, path) {
      const file = path.split('/').map(segment).join('/')
      const url = `/contents/${file}?ref=${segment(branch)}`
      const response = await read(caller, repository, url, 'raw+json')
      return (await isFound(upstream, response)) ? await response.text() : undefined
    },
    async diff(caller, repository, base, head, limitBytes) {
      const url = `/compare/${segment(base)}...${segment(head)}`
      const response = await read(caller, repository, url, 'diff')
      if (!(await isFound(upstream, response))) return ''
      const text = await response.text()
      return text.length > limitBytes ? `${text.slice(0, limitBytes)}\n[cut]\n` : text
    },
  }
}
