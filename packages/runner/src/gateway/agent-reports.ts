import { z } from 'zod'

import { visibleText } from '../mcp/visible-text.ts'
import { oneLine } from '../printable.ts'
import type { Run } from '../run/run.ts'
import { GatewayRefusal } from './refusal.ts'

/** What an agent tells of its work by Errand's own MCP tools. Nothing in it is trusted. */
export interface AgentReports {
  /** `{ message }`: one sentence. @throws GatewayRefusal 400, 429 */
  progress(told: unknown): void
  /** `{ entries }`: takes the place of the plan before. @throws GatewayRefusal 400, 429 */
  plan(told: unknown): void
}

/** More than the largest plan needs, whatever its characters. */
export const longestReportBytes = 256 * 1024
const longestLine = 500
const mostEntries = 50
/** A reader follows no more than that. */
const mostInMinute = 30
const mostInAll = 1000
const minuteMs = 60_000

/**
 * Makes events of what an agent tells: the same that its own words and plans over ACP become.
 *
 * @param now in milliseconds, from any beginning
 */
export function openAgentReports(
  run: Pick<Run, 'recorder' | 'mask'>,
  now: () => number = () => performance.now(),
): AgentReports {
  let times: number[] = []
  let left = mostInAll

  function count(): void {
    times = times.filter((time) => time > now() - minuteMs)
    if (times.length >= mostInMinute || left === 0) {
      throw new GatewayRefusal(429, 'The user is told too much: go on with your work')
    }
    times.push(now())
    left -= 1
  }

  /** Masked before it is changed, and once more by the recorder: what was taken out may have parted a secret. */
  const Line = z
    .string()
    .max(longestLine)
    .transform((text) => oneLine(visibleText(run.mask.text(text))))
    .pipe(z.string().min(1))
  const Progress = z.object({ message: Line })
  const Plan = z.object({
    entries: z
      .array(z.object({ content: Line, status: z.enum(['pending', 'in_progress', 'completed']) }))
      .max(mostEntries),
  })

  return {
    progress(told) {
      const { message } = read(Progress, told, `{ message }, of ${longestLine} characters at most`)
      count()
      // On a line of its own, whatever the agent is saying meanwhile.
      run.recorder.report({ type: 'assistant.message', data: { content: `\n${message}\n` } })
    },
    plan(told) {
      const { entries } = read(Plan, told, `{ entries }, ${mostEntries} at most`)
      count()
      run.recorder.report({ type: 'assistant.plan', data: { entries } })
    },
  }
}

/** @throws GatewayRefusal 400 */
function read<T>(schema: z.ZodType<T>, told: unknown, wanted: string): T {
  const { data, success } = schema.safeParse(told)
  if (!success) throw new GatewayRefusal(400, `It takes ${wanted}`)
  return data
}
