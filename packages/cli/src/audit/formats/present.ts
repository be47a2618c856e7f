import { readFileSync } from 'node:fs'
import { extname } from 'node:path'
import { UserError } from '../../errors.ts'
import { createPaint } from '../../terminal/colours.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import type { AuditReport } from '../report.ts'
import type { AuditFormat } from './names.ts'
import { presentCsv } from './csv.ts'
import { presentJson } from './json.ts'
import { presentJunit } from './junit.ts'
import { presentMarkdown } from './markdown.ts'
import { presentSarif } from './sarif.ts'
import { presentTable } from './table.ts'

const byExtension: Readonly<Record<string, AuditFormat>> = {
  '.sarif': 'sarif',
  '.json': 'json',
  '.md': 'markdown',
  '.xml': 'junit',
  '.csv': 'csv',
  '.txt': 'table',
}

/** @throws UserError when the name of a file does not say what it is to be */
export function formatOfFile(path: string): AuditFormat {
  const format = path.endsWith('.sarif.json') ? 'sarif' : byExtension[extname(path).toLowerCase()]
  if (format !== undefined) return format
  throw new UserError(`What \`${path}\` is to hold is not known.`, {
    remedy: `Let its name end in ${Object.keys(byExtension).join(', ')}.`,
  })
}

/** A report in one of its formats; without a terminal as for a file. */
export function presentAudit(
  report: AuditReport,
  format: AuditFormat,
  terminal: Pick<Terminal, 'isInteractive' | 'paint'> = {
    isInteractive: true,
    paint: createPaint(false),
  },
): string {
  const presenters: Record<AuditFormat, () => string> = {
    table: () => presentTable(report, terminal),
    json: () => presentJson(report),
    markdown: () => presentMarkdown(report),
    sarif: () => presentSarif(report, readVersion()),
    junit: () => presentJunit(report),
    csv: () => presentCsv(report),
  }
  return presenters[format]()
}

function readVersion(): string {
  const file = new URL('../../../package.json', import.meta.url)
  // Our own package.json, which has one.
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}
