import { z } from 'zod'

/** A command as it was run: what a report may claim comes from here alone. */
export const CommandRun = z.object({
  command: z.string(),
  /** Absent when it did not end by itself. */
  exit_code: z.int().optional(),
  ended_by: z.enum(['itself', 'signal', 'time_limit']),
  /** Whether it tests or checks the repository. */
  is_check: z.boolean(),
  /** What the files held when it had ended, as report-record.ts compares it. Null of what is no check. */
  state: z.string().nullable(),
})
export type CommandRun = z.infer<typeof CommandRun>

export const PlanStep = z.object({
  content: z.string(),
  status: z.enum(['pending', 'in_progress', 'completed']),
})
export type PlanStep = z.infer<typeof PlanStep>

/** What happened in a session, noted as it happened and not as the model tells it. */
export const SessionRecord = z.object({
  /** What the user said and was asked, word for word, oldest first. */
  said: z.array(z.object({ by: z.enum(['user', 'coder']), text: z.string() })).default([]),
  plan: z.array(PlanStep).default([]),
  /** How many tools had been used when the plan was last told. */
  planned_at: z.int().default(0),
  /** Tools used so far, those that plan and finish left out. */
  uses: z.int().default(0),
  /** Files written by edit_file and write_file so far. */
  edits: z.int().default(0),
  /** The newest commands that were run, oldest first. */
  runs: z.array(CommandRun).default([]),
  /** The commit the session began at. */
  base_commit: z.string().nullable().default(null),
})
export type SessionRecord = z.infer<typeof SessionRecord>

/** Of each kind of note, so that a session without end does not grow one without end. */
const mostNotes = 200

export function createRecord(): SessionRecord {
  return SessionRecord.parse({})
}

export function noteSaid(record: SessionRecord, by: 'user' | 'coder', text: string): void {
  record.said.push({ by, text })
  // The first is the task.
  if (record.said.length > mostNotes) record.said.splice(1, 1)
}

export function noteRun(record: SessionRecord, run: CommandRun): void {
  record.runs.push(run)
  if (record.runs.length > mostNotes) record.runs.shift()
}
