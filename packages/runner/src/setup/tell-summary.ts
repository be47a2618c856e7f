import { printable, truncateMiddle } from '../printable.ts'
import type { Run } from '../run/run.ts'

/** Characters of a step's summary that are told; GitHub's limit is a megabyte, which no log is read for. */
const longestSummary = 16 * 1024

/**
 * Tells what a step wrote to GITHUB_STEP_SUMMARY, as it is written, at the end of what the step printed: a log shows
 * no Markdown. Secrets are out of it as they are of all that is recorded.
 */
export function tellSummary(run: Run, step: number, summary: string): void {
  // Before anything is cut: half of a secret is none to be found.
  const text = run.mask.text(printable(summary)).trim()
  if (text === '') return
  const output = `Summary of the step:\n${truncateMiddle(text, longestSummary)}\n`
  run.recorder.add({ type: 'setup.step_update', data: { number: step, output } })
}
