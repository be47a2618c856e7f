import {
  type CreateAutomation,
  CronTrigger,
  IntervalTrigger,
  Triggers,
  UsageLimit,
  WriteScope,
} from '@errand/contract'
import { z } from 'zod'

const { interval: _, cron: __, ...eventShape } = Triggers.shape
const Events = z.strictObject(eventShape)

/** One file of `.github/errand/automations`. Its name is the key: under another it is another one. */
export const AutomationFile = z
  .strictObject({
    name: z.string().trim().min(1).max(100).describe('What it is called, once in the repository.'),
    description: z.string().max(1000).default('').describe('What it is for.'),
    prompt: z.string().min(1).exactOptional().describe('What is to be done.'),
    template: z
      .string()
      .exactOptional()
      .describe('A recipe instead of a prompt, like `release`: it needs no model.'),
    options: z
      .record(z.string(), z.unknown())
      .default({})
      .describe("The recipe's options: `errand recipe show` lists them."),
    cron: CronTrigger.shape.expression
      .exactOptional()
      .describe('When: minute, hour, day of the month, month, day of the week.'),
    time_zone: z.string().max(100).default('UTC').describe('Whose time `cron` means.'),
    interval: IntervalTrigger.exactOptional().describe('When, in UTC, as GitHub has it.'),
    on: Events.exactOptional().describe('When something happens: events with their filters.'),
    write_scope: WriteScope.default('trigger').describe(
      "Whether a run that a pull request began works on that pull request's branch, or on its own.",
    ),
    require_actor_write_permission: z
      .boolean()
      .default(true)
      .describe('Whether whoever does what begins a run must have write access.'),
    enabled: z.boolean().default(true).describe('Whether it runs by itself.'),
    model: z.string().default('').describe('The model. Default: the server decides.'),
    agent: z
      .string()
      .default('')
      .describe('The agent that works on its tasks. Default: that of the model.'),
    custom_agent: z.string().exactOptional().describe('A custom agent of the repository.'),
    base_ref: z
      .string()
      .default('')
      .describe('The branch to start from. Default: the default one.'),
    create_pull_request: z.boolean().default(true).describe('Whether runs open a pull request.'),
    add_comment: z
      .boolean()
      .default(false)
      .describe('Whether the issue or the pull request that began a run is told how it ended.'),
    allow_concurrent_runs: z
      .boolean()
      .default(false)
      .describe('Whether a run may begin while the task of another has not ended.'),
    usage_limits: z
      .array(UsageLimit)
      .default([])
      .describe('Soft caps in nano AI credits, one for each period.'),
  })
  .refine(({ prompt, template }) => (prompt === undefined) !== (template === undefined), {
    message: 'needs either prompt or template',
  })
export type AutomationFile = z.infer<typeof AutomationFile>

/** What an automation of this file must be on the server. */
export function automationOf(
  file: AutomationFile,
  path: string,
  prompt: string,
): Omit<CreateAutomation, 'owner_type' | 'reasoning_effort' | 'github_mcp_toolsets'> {
  const { name, description, enabled, model, agent, base_ref, usage_limits, interval } = file
  const { allow_concurrent_runs, write_scope, require_actor_write_permission } = file
  return {
    allow_concurrent_runs,
    write_scope,
    require_actor_write_permission,
    name,
    description,
    prompt,
    enabled,
    model,
    agent,
    base_ref,
    usage_limits,
    triggers: {
      ...file.on,
      ...(interval !== undefined && { interval }),
      ...(file.cron !== undefined && {
        cron: { expression: file.cron, time_zone: file.time_zone },
      }),
    },
    tools: [
      ...(file.create_pull_request ? ['create_pull_request'] : []),
      ...(file.add_comment ? ['add_comment'] : []),
    ],
    allowed_custom_agents: file.custom_agent === undefined ? [] : [file.custom_agent],
    source_path: path,
  }
}

/** The JSON Schema of such a file, for editors. */
export function automationJsonSchema(): unknown {
  return {
    title: 'An automation of Errand: a prompt that is sent by the clock or when something happens',
    ...z.toJSONSchema(AutomationFile, { io: 'input', target: 'draft-2020-12' }),
  }
}
