import { createTemplateAction } from '@backstage/plugin-scaffolder-node'
import { branchOf, createTaskOnce, type Task } from '@errand/contract'
import { explaining } from '../errors.ts'
import { parseRepository } from '../repository.ts'
import { stepKeyOf } from '../step-key.ts'
import type { Targets } from '../targets.ts'
import { createTaskExamples } from './examples.ts'
import { taskFieldsOf, taskInput } from './task-input.ts'

/** `errand:task:create`: one task for a coding agent. Run again by the scaffolder, it finds that task. */
export function createErrandTaskCreateAction(targets: Targets) {
  return createTemplateAction({
    id: 'errand:task:create',
    description: 'Sends a prompt to a coding agent, which works on it in a repository.',
    examples: createTaskExamples,
    schema: {
      input: {
        repoUrl: (z) =>
          z
            .string()
            .describe(
              '`github.com?owner=acme&repo=shop`, as RepoUrlPicker writes it, or `acme/shop`.',
            ),
        ...taskInput,
      },
      output: {
        taskId: (z) => z.string(),
        taskUrl: (z) =>
          z.string().optional().describe('The page on which the task can be watched.'),
        state: (z) => z.string(),
        headRef: (z) => z.string().optional().describe('The branch, where there is one already.'),
      },
    },
    async handler(ctx) {
      const { input, logger, secrets, signal } = ctx
      const repository = parseRepository('repoUrl', input.repoUrl)
      const client = await targets.clientFor(repository, { token: input.token, secrets })
      const key = stepKeyOf(ctx)
      const created = await ctx.checkpoint({
        key: `errand.task.create.${key}`,
        fn: async () => {
          const task = await explaining(
            `The task for ${repository.fullName} was not created`,
            createTaskOnce(client, repository.fullName, taskFieldsOf(input), {
              key,
              ...(signal && { signal }),
              onWait: (reason) => logger.info(reason),
            }),
          )
          return presentCreated(task)
        },
      })
      logger.info(
        `Task ${created.taskId} is ${created.state}: ${created.taskUrl ?? client.baseUrl}`,
      )
      ctx.output('taskId', created.taskId)
      ctx.output('state', created.state)
      if (created.taskUrl !== undefined) ctx.output('taskUrl', created.taskUrl)
      if (created.headRef !== undefined) ctx.output('headRef', created.headRef)
    },
  })
}

function presentCreated(task: Task) {
  const headRef = branchOf(task)?.head_ref
  return {
    taskId: task.id,
    state: task.state,
    ...(task.html_url !== undefined && { taskUrl: task.html_url }),
    ...(headRef !== undefined && { headRef }),
  }
}
