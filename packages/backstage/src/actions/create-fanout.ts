import { InputError } from '@backstage/errors'
import { createTemplateAction } from '@backstage/plugin-scaffolder-node'
import { fanOut, type FannedOut } from '@errand/contract'
import { explaining, reasonOf } from '../errors.ts'
import { parseRepository, type Repository } from '../repository.ts'
import { stepKeyOf } from '../step-key.ts'
import type { Targets } from '../targets.ts'
import { fanOutExamples } from './examples.ts'
import { taskFieldsOf, taskInput } from './task-input.ts'

/** `errand:fanout:create`: one prompt for many repositories, within what the server allows. */
export function createErrandFanOutAction(targets: Targets) {
  return createTemplateAction({
    id: 'errand:fanout:create',
    description: 'Sends one prompt to a coding agent in each of many repositories.',
    examples: fanOutExamples,
    schema: {
      input: {
        repositories: (z) =>
          z
            .array(z.string())
            .min(1)
            .describe('Each as `github.com?owner=acme&repo=shop` or `acme/shop`, all on one host.'),
        ...taskInput,
        concurrency: (z) =>
          z
            .number()
            .int()
            .min(1)
            .optional()
            .describe(
              'How many creates may be on their way at a time. GitHub takes one in any case.',
            ),
      },
      output: {
        tasks: (z) =>
          z
            .array(
              z.object({
                repository: z.string(),
                taskId: z.string(),
                taskUrl: z.string().optional(),
                state: z.string(),
              }),
            )
            .describe('What was created: to be waited for with `each`.'),
        refusals: (z) =>
          z
            .array(z.object({ repository: z.string(), error: z.string() }))
            .describe('Which repositories were refused a task, and why.'),
        created: (z) => z.number().describe('How many tasks there are.'),
        refused: (z) => z.number().describe('How many repositories were refused a task.'),
      },
    },
    async handler(ctx) {
      const { input, logger, secrets, signal } = ctx
      const repositories = input.repositories.map((text, at) =>
        parseRepository(`repositories[${at}]`, text),
      )
      const first = requireOneHost(repositories)
      const client = await targets.clientFor(first, { token: input.token, secrets })
      const key = stepKeyOf(ctx)
      const wanted = {
        ...taskFieldsOf(input),
        repositories: repositories.map((one) => one.fullName),
      }
      const { tasks, refusals } = await ctx.checkpoint({
        key: `errand.fanout.create.${key}`,
        fn: async () => {
          const sent = await explaining(
            'The tasks were not all created',
            fanOut(client, wanted, {
              key,
              ...(signal && { signal }),
              ...(input.concurrency !== undefined && { concurrency: input.concurrency }),
              onChange: (one) => logger.info(describe(one)),
              onWait: (reason) => logger.info(reason),
            }),
          )
          return { tasks: sent.flatMap(presentCreated), refusals: sent.flatMap(presentRefused) }
        },
      })
      ctx.output('tasks', tasks)
      ctx.output('refusals', refusals)
      ctx.output('created', tasks.length)
      ctx.output('refused', refusals.length)
      if (tasks.length === 0) {
        throw new InputError(
          `No repository was given a task: ${refusals[0]?.error ?? 'none was named'}.`,
        )
      }
    },
  })
}

function requireOneHost(repositories: readonly Repository[]): Repository {
  const [first, ...others] = repositories
  const other = others.find(({ host }) => host !== first?.host)
  if (first === undefined || other !== undefined) {
    throw new InputError(
      'repositories must name at least one repository, and all of them on one host.',
    )
  }
  return first
}

function presentCreated(sent: FannedOut) {
  if ('error' in sent) return []
  const { id, state, html_url: url } = sent.task
  const task = { repository: sent.repository, taskId: id, state }
  return [url === undefined ? task : { ...task, taskUrl: url }]
}

function presentRefused(sent: FannedOut) {
  return 'error' in sent ? [{ repository: sent.repository, error: reasonOf(sent.error) }] : []
}

function describe(sent: FannedOut): string {
  if ('error' in sent) return `${sent.repository}: refused, ${reasonOf(sent.error)}`
  return `${sent.repository}: ${sent.task.state}, ${sent.task.html_url ?? sent.task.id}`
}
