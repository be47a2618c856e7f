import { parseDocument } from 'yaml'
import { z } from 'zod'

/** Where GitHub has it, on the default branch. */
export const stepsPath = '.github/workflows/copilot-setup-steps.yml'
/** Of the one job in it. */
export const jobName = 'copilot-setup-steps'
/** Minutes a job may take at most, and does where it does not say (behaviour.md 3.1). */
const longestMinutes = 59

/** What is not a text is one on GitHub, too: a version of 20, a flag of true. */
const Text = z
  .union([z.string(), z.number(), z.boolean(), z.null()])
  .transform((value) => (value === null ? '' : String(value)))
const Env = z.record(z.string().regex(/^[^=\0]+$/), Text)

const Step = z.object({
  id: z.string().exactOptional(),
  name: Text.exactOptional(),
  if: Text.exactOptional(),
  run: z.string().exactOptional(),
  uses: z.string().exactOptional(),
  with: z.record(z.string(), Text).default({}),
  env: Env.default({}),
  shell: z.string().exactOptional(),
  'working-directory': z.string().exactOptional(),
  'continue-on-error': Text.default('false'),
  'timeout-minutes': Text.exactOptional(),
})
export type SetupStep = z.infer<typeof Step>

const Job = z.looseObject({
  steps: z
    .array(
      Step.refine(
        ({ run, uses }) => (run === undefined) !== (uses === undefined),
        'has to have either `run` or `uses`',
      ),
    )
    .min(1)
    .max(1000),
  env: Env.default({}),
  'timeout-minutes': z.coerce.number().positive().max(longestMinutes).catch(longestMinutes),
})
const File = z.object({
  env: Env.default({}),
  jobs: z.record(z.string(), z.unknown()),
})

export interface SetupJob {
  steps: SetupStep[]
  /** Of the workflow and of the job, which comes before it. */
  env: Record<string, string>
  timeoutMinutes: number
  /** What the file asks for and is not done here: sentences for the reader of the log. */
  notices: string[]
}

/**
 * What a steps file says, or why it cannot be read. A broken one is no reason not to work: the agent then
 * has to do without.
 */
export function parseStepsFile(text: string): SetupJob | { problem: string } {
  // Nobody needs this many, and a few that name each other grow without end.
  const document = parseDocument(text, { prettyErrors: true })
  const [error] = document.errors
  if (error !== undefined) return { problem: firstLine(error.message) }
  let plain: unknown
  try {
    plain = document.toJS({ maxAliasCount: 50 })
  } catch (cause) {
    return { problem: firstLine(cause instanceof Error ? cause.message : 'it is no YAML') }
  }
  const file = File.safeParse(plain)
  if (!file.success) return { problem: explain(file.error) }
  const { [jobName]: written, ...others } = file.data.jobs
  if (written === undefined) return { problem: `it has no job of the name ${jobName}` }
  const job = Job.safeParse(written)
  if (!job.success) return { problem: explain(job.error, ['jobs', jobName]) }
  const { steps, env, 'timeout-minutes': timeoutMinutes } = job.data
  return {
    steps,
    env: { ...file.data.env, ...env },
    timeoutMinutes,
    notices: noticesOf(job.data, Object.keys(others)),
  }
}

/** Keys that GitHub heeds and a machine of one's own cannot, with what is done instead. */
const notDone: Readonly<Record<string, string>> = {
  services: 'its services are not started: what the steps need of them has to run elsewhere',
  snapshot: 'no image is made of its snapshot: results are kept by content instead',
  permissions: 'its permissions give the steps nothing: they have no token of the forge',
  container: 'it does not run in its container: steps run in the sandbox of the session',
  strategy: 'its strategy is not used: the steps run once',
}

function noticesOf(job: Record<string, unknown>, others: readonly string[]): string[] {
  const notices = Object.entries(notDone)
    .filter(([key]) => job[key] !== undefined)
    .map(([, notice]) => `Of the job ${jobName}, ${notice}.`)
  if (!isLinux(job['runs-on'])) {
    notices.push(
      `Of the job ${jobName}, runs-on is not used: the steps run on the runner's own machine, which is Linux.`,
    )
  }
  if (others.length > 0) {
    notices.push(`Of ${stepsPath} only the job ${jobName} is run, none of the others.`)
  }
  return notices
}

/** A label of a larger machine is no promise that could be kept here; one of another system is one broken. */
function isLinux(label: unknown): boolean {
  return !/windows|macos/i.test(JSON.stringify(label ?? ''))
}

function explain(error: z.ZodError, above: readonly string[] = []): string {
  const [issue] = error.issues
  const path = [...above, ...(issue?.path ?? [])].map(String).join('.')
  return `${path === '' ? 'the file' : path}: ${issue?.message ?? 'is not understood'}`
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? ''
}
