import { rules } from '@errand/policy'
import { markdownCell } from '../present/markdown-cell.ts'
import { describeParameters } from './describe-parameters.ts'

const begin = '<!-- begin rules -->'
const end = '<!-- end rules -->'

/** A page with the table of all rules between its marks, made anew. */
export function rulesTable(page: string): string {
  const rows = rules.map((rule) => [
    `\`${rule.id}\``,
    markdownCell(rule.title),
    rule.defaultSeverity,
    describeParameters(rule)
      .map(({ name, kind }) => `\`${name}\`: ${markdownCell(kind)}`)
      .join('; '),
    rule.fix === undefined ? '' : 'yes',
  ])
  const header = ['rule', 'holds where', 'severity', 'parameters', '`--fix`']
  const lines = [header, header.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`)
  const [before = '', rest = ''] = page.split(begin, 2)
  return `${before}${begin}\n\n${lines.join('\n')}\n\n${end}${rest.slice(rest.indexOf(end) + end.length)}`
}
