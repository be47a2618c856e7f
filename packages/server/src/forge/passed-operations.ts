/** An operation of GitHub's that is passed on, its path as the router writes it. */
export interface PassedOperation {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  path: string
}

/** Below a repository: what clients look at and change beside its tasks. */
const ofRepository = [
  'GET ',
  'GET /branches',
  'GET /branches/*',
  'GET /check-runs/:number',
  'GET /commits',
  'GET /commits/*',
  'GET /compare/*',
  'GET /contents',
  'GET /contents/*',
  'PUT /contents/*',
  'DELETE /contents/*',
  'GET /git/commits/:sha',
  'GET /git/matching-refs/*',
  'GET /git/ref/*',
  'POST /git/refs',
  'PATCH /git/refs/*',
  'DELETE /git/refs/*',
  'GET /issues',
  'POST /issues',
  'GET /issues/:number',
  'PATCH /issues/:number',
  'GET /issues/:number/comments',
  'POST /issues/:number/comments',
  'GET /issues/comments/:number',
  'PATCH /issues/comments/:number',
  'GET /issues/:number/labels',
  'POST /issues/:number/labels',
  'DELETE /issues/:number/labels/:name',
  'GET /labels',
  'POST /labels',
  'GET /labels/:name',
  'GET /pulls',
  'POST /pulls',
  'GET /pulls/:number',
  'PATCH /pulls/:number',
  'GET /pulls/:number/comments',
  'GET /pulls/:number/commits',
  'GET /pulls/:number/files',
  'GET /pulls/:number/merge',
  'PUT /pulls/:number/merge',
  'GET /pulls/:number/requested_reviewers',
  'POST /pulls/:number/requested_reviewers',
  'GET /pulls/:number/reviews',
  'POST /statuses/:sha',
  'GET /tags',
] as const

const others = [
  'GET /user',
  'GET /user/:id',
  'GET /user/orgs',
  'GET /user/repos',
  'GET /users/:username',
  'GET /users/:username/repos',
  'GET /orgs/:org',
  'GET /orgs/:org/repos',
  'GET /installation/repositories',
  'GET /search/repositories',
  'GET /search/issues',
  'GET /meta',
  'POST /graphql',
  // These are what GitHub writes into `Link`.
  'GET /organizations/:id/repos',
  'GET /user/:id/repos',
] as const

/**
 * All of GitHub's API that is passed on: what clients of tasks need beside them (behaviour.md 7.3), and what
 * campaigns, audits and recipes do. A repository by its id as by its name: GitHub redirects there, and its
 * `Link` names it so.
 */
export const passedOperations: readonly PassedOperation[] = [
  ...others.map((one) => parse(one, '')),
  ...ofRepository.map((one) => parse(one, '/repos/:owner/:repo')),
  ...ofRepository.map((one) => parse(one, '/repositories/:repository_id')),
]

function parse(
  text: (typeof others)[number] | (typeof ofRepository)[number],
  root: string,
): PassedOperation {
  const space = text.indexOf(' ')
  // What stands before the space is a method in each of them.
  const method = text.slice(0, space) as PassedOperation['method']
  return { method, path: `${root}${text.slice(space + 1)}` }
}
