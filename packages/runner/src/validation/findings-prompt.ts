import type { Finding } from '@errand/contract'

import type { Report } from './finding.ts'
import { toolNames } from './tool-names.ts'

/** More than this an agent does not mend in one turn. */
const mostTold = 50

/** What the agent that did the work is told of what was found in it. */
export function composeFindingsPrompt(reports: readonly Report[]): string {
  const parts = reports
    .filter(({ findings }) => findings.length > 0)
    .map(({ tool, findings }) => {
      const told = findings.slice(0, mostTold).map((finding) => `- ${describe(finding)}`)
      return [`Found by ${toolNames[tool]}:`, ...told].join('\n')
    })
  return [
    'Your work was checked before it is pushed, and this was found in it. Mend what is right, in the files, and leave alone what is not. You have this one turn for it, and nobody answers questions now.',
    ...parts,
    hasSecret(reports)
      ? 'A secret must not be in the work at all, nor in a file that only looks like it: with it nothing is pushed. Take it out; you need not rewrite commits, they are made one.'
      : '',
    'At the end report all of your work, as if it had been so from the beginning.',
  ]
    .filter((part) => part !== '')
    .join('\n\n')
}

export function hasSecret(reports: readonly Report[]): boolean {
  return reports.some(({ tool, findings }) => tool === 'secret_scanning' && findings.length > 0)
}

/** One line of plain text. */
export function describe({ path, line, rule, severity, message }: Finding): string {
  return `${placeOf({ path, line })}${message} (${rule}, ${severity})`
}

function placeOf({ path, line }: { path?: string | undefined; line?: number | undefined }): string {
  if (path === undefined) return ''
  return line === undefined ? `${path}: ` : `${path}:${line}: `
}
