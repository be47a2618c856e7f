import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { ForgeContext } from '../context.ts'
import { findAccount } from '../identity/accounts.ts'
import { presentPull, presentUser } from '../present/pull.ts'
import { changePull } from '../pulls/change-pull.ts'
import { requirePull } from '../pulls/refresh-pulls.ts'
import { requestReviewers, requireNoTeams } from '../pulls/request-reviewers.ts'
import { readBody } from './body.ts'
import { numberOf, readPulls, writePulls } from './pulls.ts'
import { requireCaller, requireRepository, urlsOf } from './request.ts'

const Reviewers = z.object({
  reviewers: z.array(z.string()).default([]),
  team_reviewers: z.array(z.string()).default([]),
})

const path = '/repos/:owner/:repo/pulls/:number/requested_reviewers'

/** Whose review a pull request waits for. There are no teams here. */
export function reviewerRoutes(app: FastifyInstance, context: ForgeContext): void {
  app.get(path, async (request) => {
    const { repository } = requireRepository(context, request, readPulls)
    const pull = await requirePull(context, repository, numberOf(request))
    const urls = urlsOf(context, app.prefix)
    return {
      users: pull.requested_reviewers.map((id) => presentUser(context, id, urls)),
      teams: [],
    }
  })

  app.post(path, async (request, reply) => {
    const { repository } = requireRepository(context, request, writePulls)
    const { reviewers, team_reviewers: teams } = readBody(Reviewers, request.body, 'PullRequest')
    requireNoTeams(teams)
    const pull = await requestReviewers(
      context,
      repository,
      numberOf(request),
      requireCaller(request).user,
      reviewers,
    )
    const urls = urlsOf(context, app.prefix)
    return await reply.code(201).send(presentPull(context, repository, pull, urls))
  })

  app.delete(path, async (request) => {
    const { repository } = requireRepository(context, request, writePulls)
    const { reviewers } = readBody(Reviewers, request.body, 'PullRequest')
    const ids = reviewers.map((login) => findAccount(context.records, login)?.id)
    const pull = await changePull(
      context,
      repository,
      numberOf(request),
      requireCaller(request).user,
      (now) => ({
        requested_reviewers: now.requested_reviewers.filter((id) => !ids.includes(id)),
      }),
    )
    return presentPull(context, repository, pull, urlsOf(context, app.prefix))
  })
}
