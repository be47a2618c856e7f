import type { LoggerService } from '@backstage/backend-plugin-api'
import { createTemplateAction } from '@backstage/plugin-scaffolder-node'
import {
  AnswerError,
  branchOf,
  type Client,
  type TaskWithSessions,
  waitForTask,
} from '@errand/contract'
import { explaining } from '../errors.ts'
import { parseRepository } from '../repository.ts'
import type { Targets } from '../targets.ts'
import { waitForTaskExamples } from './examples.ts'

const defaultTimeoutMinutes = 60
/** How long the server has for taking a cancellation. */
const cancelTimeoutMs = 10_000

/** `errand:task:wait`: waits for a task and hands on its pull request. Fails where the task did. */
export function createErrandTaskWaitAction(targets: Targets) {
  return createTemplateAction({
    id: 'errand:task:wait',
    description: "Waits until a coding agent's task has ended, and hands on its pull request.",
    examples: waitForTaskExamples,
    schema: {
      input: {
        taskId: (z) => z.string().min(1),
        repoUrl: (z) =>
          z
            .string()
            .optional()
            .describe('The repository of the task. Needed on GitHub Enterprise, to know the host.'),
        timeoutMinutes: (z) =>
          z
            .number()
            .positive()
            .optional()
            .describe('How long to wait. The task goes on, this step fails. Default: 60.'),
        failUnlessCompleted: (z) =>
          z
            .boolean()
            .optional()
            .describe('Whether the step fails with a task that failed. Default: true.'),
        cancelOnAbort: (z) =>
          z
            .boolean()
            .optional()
            .describe(
              'Whether cancelling this run cancels the task too. Errand only. Default: true.',
            ),
        token: (z) =>
          z
            .string()
            .optional()
            .describe('The token to act with. Default: see the documentation of this module.'),
      },
      output: {
        taskId: (z) => z.string(),
        taskUrl: (z) => z.string().optional(),
        state: (z) => z.string().describe('`completed`, or how else the task ended.'),
        pullRequestUrl: (z) => z.string().optional(),
        headRef: (z) => z.string().optional().describe('The branch the agent worked on.'),
      },
    },
    async handler(ctx) {
      const { input, logger, secrets, signal } = ctx
      const { taskId } = input
      const repository =
        input.repoUrl === undefined ? { owner: '' } : parseRepository('repoUrl', input.repoUrl)
      const client = await targets.clientFor(repository, { token: input.token, secrets })
      const waiting = waitForTask(client, taskId, {
        timeoutMs: (input.timeoutMinutes ?? defaultTimeoutMinutes) * 60_000,
        ...(signal && { signal }),
        onState: (task) => logState(logger, task),
        onWait: (reason) => logger.info(reason),
      })
      const { task, pull } = await explaining(
        `The task ${taskId} could not be waited for`,
        waiting,
      ).catch(async (error: unknown) => {
        if (signal?.aborted === true && input.cancelOnAbort !== false)
          await cancel(client, taskId, logger)
        throw error
      })

      const headRef = branchOf(task)?.head_ref ?? task.sessions.at(-1)?.head_ref
      ctx.output('taskId', task.id)
      ctx.output('state', task.state)
      if (task.html_url !== undefined) ctx.output('taskUrl', task.html_url)
      if (headRef !== undefined) ctx.output('headRef', headRef)
      if (pull !== undefined) {
        logger.info(`The pull request: ${pull.html_url}`)
        ctx.output('pullRequestUrl', pull.html_url)
      }
      if (task.state === 'completed' || task.state === 'idle') return
      if (input.failUnlessCompleted !== false) throw new Error(describeEnd(task))
    },
  })
}

function logState(logger: LoggerService, task: TaskWithSessions): void {
  const where = task.html_url ?? task.id
  if (task.state === 'waiting_for_user') {
    logger.warn(`The agent asks a question and waits for its answer: ${where}`)
  } else logger.info(`The task is ${task.state}: ${where}`)
}

function describeEnd(task: TaskWithSessions): string {
  const reason = task.sessions.at(-1)?.error?.message
  return [`The task ${task.id} ended ${task.state}`, reason].filter(Boolean).join(': ')
}

/** Not being able to cancel must not hide why the wait ended. */
async function cancel(client: Client, taskId: string, logger: LoggerService): Promise<void> {
  try {
    const signal = AbortSignal.timeout(cancelTimeoutMs)
    await client.call('cancelTask', { params: { task_id: taskId }, signal })
    logger.info(`The task ${taskId} was cancelled.`)
  } catch (error) {
    const isUnknown = error instanceof AnswerError && error.status === 404
    const reason = isUnknown ? "GitHub's API cannot cancel it" : String(error)
    logger.warn(`The task ${taskId} goes on: ${reason}.`)
  }
}
