import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { UserError } from '../errors.ts'
import type { AuditReport } from './report.ts'

const Acceptance = z.object({
  fingerprint: z.string(),
  rule: z.string(),
  repository: z.string().exactOptional(),
  message: z.string(),
})
type Acceptance = z.infer<typeof Acceptance>

/** Deviations that are accepted as they are today. Their messages are for people. */
const Baseline = z.object({
  version: z.literal(1),
  created_at: z.string(),
  deviations: z.array(Acceptance),
})
type Baseline = z.infer<typeof Baseline>

/** @throws UserError when the file is no baseline */
export async function readBaseline(path: string): Promise<Acceptance[]> {
  const parsed = Baseline.safeParse(parseJson(await readFile(path, 'utf8')))
  if (!parsed.success) {
    throw new UserError(`${path} is no baseline.`, {
      remedy: '`errand audit --write-baseline FILE` writes one.',
      cause: parsed.error,
    })
  }
  return parsed.data.deviations
}

/** Puts what a baseline accepts apart. An expired exception is never accepted: it has had its time. */
export function applyBaseline(
  report: AuditReport,
  baseline: readonly Pick<Acceptance, 'fingerprint'>[],
): void {
  const known = new Set(baseline.map(({ fingerprint }) => fingerprint))
  const isKnown = ({ fingerprint, repository }: AuditReport['deviations'][number]): boolean =>
    repository !== undefined && known.has(fingerprint)
  report.accepted = [...report.accepted, ...report.deviations.filter(isKnown)]
  report.deviations = report.deviations.filter((deviation) => !isKnown(deviation))
}

/**
 * The baseline that accepts all that a report has found, what an earlier one has accepted included. Of what
 * was not checked this time the earlier one has the word still.
 */
export function baselineOf(report: AuditReport, earlier: readonly Acceptance[]): string {
  const found = [...report.accepted, ...report.deviations]
    .filter(({ repository }) => repository !== undefined)
    .map(({ fingerprint, rule, repository, message }) => ({
      fingerprint,
      rule,
      ...(repository === undefined ? {} : { repository }),
      message,
    }))
  const isChecked = checkedBy(report)
  const baseline: Baseline = {
    version: 1,
    created_at: report.at.toISOString(),
    deviations: [...found, ...earlier.filter((acceptance) => !isChecked(acceptance))],
  }
  return `${JSON.stringify(baseline, undefined, 2)}\n`
}

/** Whether a report knows if what was accepted deviates still. */
function checkedBy({ repositories, unchecked }: AuditReport): (acceptance: Acceptance) => boolean {
  const asked = new Set(repositories.map((name) => name.toLowerCase()))
  const open = Map.groupBy(unchecked, ({ repository }) => repository.toLowerCase())
  return ({ repository = '', rule }) => {
    const name = repository.toLowerCase()
    const isOpen = open.get(name)?.some((item) => item.rule === undefined || item.rule === rule)
    return asked.has(name) && isOpen !== true
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
