import type { EventData, Finding } from '@errand/contract'

import { toolNames } from '../validation/tool-names.ts'
import { code } from './markdown-code.ts'

type Validation = EventData['session.validation']

/** Of one pull request; the session's log has more. */
const mostShown = 30

/**
 * What is left of what the tools have found, for the reader of a pull request; and which of them came to no end.
 * Empty where there is nothing to say: a tool that is not there is none of the reader's business.
 */
export function composeValidationText(validations: readonly Validation[]): string {
  const count = validations.reduce((sum, { finding_count: found }) => sum + found, 0)
  const failed = validations.filter(({ outcome }) => outcome === 'failed')
  if (count === 0 && failed.length === 0) return ''
  const found = validations.flatMap(({ tool, findings }) =>
    findings.map((finding) => lineOf(tool, finding)),
  )
  const shown = found.slice(0, mostShown)
  const more = count - shown.length
  const lines = [
    '[!WARNING]',
    '',
    '<details>',
    `<summary>${summaryOf(count)} (expand for details)</summary>`,
    '',
    ...shown,
    ...(more > 0 ? [`- … and ${more} more`] : []),
    ...failed.map(({ message = '' }) => `- Not checked: ${code(message)}`),
    '',
    '</details>',
  ]
  return lines.map((line) => `> ${line}`.trimEnd()).join('\n')
}

function summaryOf(count: number): string {
  if (count === 0) return 'Not every check of this work came to its end'
  const problems = count === 1 ? 'one problem' : `${count} problems`
  return `The checks of this work have found ${problems} that the agent has left`
}

function lineOf(
  tool: Validation['tool'],
  { path, line, rule, severity, message }: Finding,
): string {
  const place = path === undefined ? '' : `${code(line === undefined ? path : `${path}:${line}`)}: `
  return `- **${severity}** ${place}${code(message)} (${code(rule)}, by ${toolNames[tool]})`
}
