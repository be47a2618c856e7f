import { type Finding, FindingSeverity } from '@errand/contract'
import { z } from 'zod'

const mostFindings = 50

/** As models write it, more or less. */
const Remark = z.object({
  file: z.string().min(1),
  line: z.coerce.number().int().positive().optional().catch(undefined),
  severity: z.string().toLowerCase().pipe(FindingSeverity).catch('medium'),
  message: z.string().min(1),
})
const Review = z.union([
  z.array(z.unknown()),
  z.object({ findings: z.array(z.unknown()) }).transform(({ findings }) => findings),
])

/**
 * The findings in what a reviewer has said last: a list in JSON, alone, in a fence or with words around it. What is
 * no remark is left out. Undefined where there is no such list.
 */
export function readReview(said: string): Finding[] | undefined {
  for (const text of candidatesOf(said)) {
    const remarks = parseList(text)
    if (remarks === undefined) continue
    return remarks
      .flatMap((remark) => Remark.safeParse(remark).data ?? [])
      .slice(0, mostFindings)
      .map(({ file, line, severity, message }) => ({
        path: file.replace(/^(?:\.\/|\/workspace\/)/, ''),
        ...(line === undefined ? {} : { line }),
        rule: 'review',
        severity,
        message,
      }))
  }
  return undefined
}

/** The last fence first: what stands before it may show the form. */
function candidatesOf(said: string): string[] {
  const fenced = said.split('```').filter((_, at) => at % 2 === 1)
  const list = said.slice(said.indexOf('['), said.lastIndexOf(']') + 1)
  return [...fenced.map((text) => text.replace(/^\w*\s/, '')).toReversed(), said, list]
}

function parseList(text: string): unknown[] | undefined {
  try {
    return Review.safeParse(JSON.parse(text)).data
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
