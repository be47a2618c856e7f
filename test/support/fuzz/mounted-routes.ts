import type { Operation } from './operation.ts'
import { sign } from './signed.ts'
import { undescribedBody } from './undescribed-bodies.ts'

/**
 * What no document describes and is no route of its own either, but is asked for: pages and git by the names that
 * people and git use, and addresses of nothing.
 */
const unmounted = [
  'GET /{owner}',
  'GET /{owner}/{repo}/tree/{branch}',
  'GET /{owner}/{repo}.git/info/refs',
  'POST /{owner}/{repo}.git/git-upload-pack',
  'POST /{owner}/{repo}.git/git-receive-pack',
  'GET /{owner}/{repo}.git/{path}',
  'POST /graphql',
  'GET /{path}',
  'PUT /{path}',
  'DELETE /agents/tasks/{task_id}',
  'OPTIONS /agents/tasks',
  'DELETE /user/tokens/x{username}',
  'DELETE /admin/tokens/x{username}',
]

const text = { type: 'string' }
/** What the forms of pages have for fields. */
const form = {
  type: 'object',
  required: ['form_token'],
  properties: { form_token: text, token: text, content: text, user_code: text, decision: text },
}

/** Which parameter a route means by a name that several use. */
const meanings: [route: RegExp, from: string, to: string][] = [
  [/^\/user\/\{id\}/, 'id', 'user_id'],
  [/^\/avatars\//, 'id', 'user_id'],
  [/^\/repositories\//, 'id', 'repository_id'],
  [/\/issues\/comments\//, 'id', 'comment_id'],
  [/^\/integrations\/hooks\//, 'id', 'integration_id'],
  // Made to be revoked: without the others no request could be made any more.
  [/^\/(user|admin)\/tokens\//, 'id', 'spare_token_id'],
  [/\/labels\//, 'name', 'label'],
  [/\/(pulls?|issues)\/\{number\}/, 'number', 'pull_number'],
  [/^/, '*', 'path'],
]

/**
 * An operation for each mounted route that no document describes, so that there is no route without one: it must not
 * fail, and answer in time, and that is all.
 *
 * @param routes as Fastify has them: `GET /repos/:owner/:repo`
 */
export function undescribedOperations(
  routes: readonly string[],
  described: readonly Operation[],
): Operation[] {
  const known = new Set(described.map(({ name }) => shapeOf(name)))
  const mounted = routes
    .map((route) => route.replace(' /api/v3/', ' /'))
    // A HEAD for each GET: requests of operations that read are some of them HEAD.
    .filter((route) => !route.startsWith('HEAD ') && !known.has(shapeOf(route)))
  return [...new Set([...mounted.map(readable), ...unmounted])].map((name) => {
    const [method = '', path = ''] = name.split(' ')
    const queries = ['service', 'q'].map(
      (asked) => ({ name: asked, in: 'query', schema: {} }) as const,
    )
    const isApi = routes.some((route) => shapeOf(route) === shapeOf(`${method} /api/v3${path}`))
    // Whoever signs out takes no one else's sign-in away: that has no cookie.
    const isPage =
      !isApi && !/^\/(mcp|integrations|logout)|git-|info\/refs|access_token|code$/.test(path)
    return {
      name,
      method,
      path,
      parameters: queries,
      ...(['POST', 'PUT', 'PATCH'].includes(method)
        ? { body: isPage ? form : undescribedBody(path) }
        : {}),
      ...sign(path),
      isExact: path.includes('{spare_token_id}'),
      isApi,
      isPage,
      problemOf: () => undefined,
    }
  })
}

/** Whether two names are of the same route, whatever its parameters are called. */
export function shapeOf(name: string): string {
  return name.replaceAll(/\{\w+\}|:\w+|\*/g, '{}')
}

function readable(route: string): string {
  const [method = '', url = ''] = route.split(' ')
  let path = url.replaceAll(/:(\w+)/g, '{$1}').replace('*', '{*}')
  for (const [of, from, to] of meanings)
    if (of.test(path)) path = path.replace(`{${from}}`, `{${to}}`)
  return `${method} ${path}`
}
