import type { NewTask } from '@errand/contract'
import type { z } from 'zod/v3'

type Z = typeof z

/** The fields of a task, in Backstage's spelling: what every action that creates one takes. */
export const taskInput = {
  prompt: (z: Z) => z.string().min(1).describe('What the agent is to do.'),
  model: (z: Z) => z.string().optional().describe("A model's id. Default: the server chooses."),
  customAgent: (z: Z) =>
    z
      .string()
      .optional()
      .describe('A custom agent of the repository, by its file name without extension.'),
  baseRef: (z: Z) =>
    z.string().optional().describe('The branch to start from. Default: the default branch.'),
  headRef: (z: Z) =>
    z.string().optional().describe('An existing branch to work on, instead of a new one.'),
  createPullRequest: (z: Z) =>
    z.boolean().optional().describe('Whether to open a draft pull request. Default: true.'),
  timeoutMinutes: (z: Z) =>
    z.number().int().min(1).optional().describe('How long the agent may work. Errand only.'),
  token: (z: Z) =>
    z
      .string()
      .optional()
      .describe('The token to act with. Default: see the documentation of this module.'),
}

interface TaskInput {
  prompt: string
  model?: string | undefined
  customAgent?: string | undefined
  baseRef?: string | undefined
  headRef?: string | undefined
  createPullRequest?: boolean | undefined
  timeoutMinutes?: number | undefined
}

/** The same in the wire's spelling. */
export function taskFieldsOf(input: TaskInput): NewTask {
  const { model, customAgent, baseRef, headRef, timeoutMinutes } = input
  return {
    prompt: input.prompt,
    create_pull_request: input.createPullRequest ?? true,
    ...(model !== undefined && { model }),
    ...(customAgent !== undefined && { custom_agent: customAgent }),
    ...(baseRef !== undefined && { base_ref: baseRef }),
    ...(headRef !== undefined && { head_ref: headRef }),
    ...(timeoutMinutes !== undefined && { timeout_minutes: timeoutMinutes }),
  }
}
