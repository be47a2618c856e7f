import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { UserError } from '../errors.ts'
import type { AuditReport } from './report.ts'

/** Deviations that are accepted as they are today. Their texts are for people; only fingerprints count. */
const Baseline = z.object({
  version: z.literal(1),
  created_at: z.string(),
  deviations: z.array(
    z.object({
      fingerprint: z.string(),
      rule: z.string(),
      repository: z.string().exactOptional(),
      message: z.string(),
    }),
  ),
})
type Baseline = z.infer<typeof Baseline>

/** @throws UserError when the file is no baseline */
export async function readBaseline(path: string): Promise<ReadonlySet<string>> {
  const parsed = Baseline.safeParse(parseJson(await readFile(path, 'utf8')))
  if (!parsed.success) {
    throw new UserError(`${path} is no baseline.`, {
      remedy: '`errand audit --write-baseline FILE` writes one.',
      cause: parsed.error,
    })
  }
  return new Set(parsed.data.deviations.map(({ fingerprint }) => fingerprint))
}

/** Puts what a baseline accepts apart. An expired exception is never accepted: it has had its time. */
export function applyBaseline(report: AuditReport, known: ReadonlySet<string>): void {
  const isKnown = ({ fingerprint, repository }: AuditReport['deviations'][number]): boolean =>
    repository !== undefined && known.has(fingerprint)
  report.accepted = report.deviations.filter(isKnown)
  report.deviations = report.deviations.filter((deviation) => !isKnown(deviation))
}

/** The baseline that accepts all that a report has found, what an earlier one has accepted included. */
export function baselineOf({ at, deviations, accepted }: AuditReport): string {
  const baseline: Baseline = {
    version: 1,
    created_at: at.toISOString(),
    deviations: [...accepted, ...deviations]
      .filter(({ repository }) => repository !== undefined)
      .map(({ fingerprint, rule, repository, message }) => ({
        fingerprint,
        rule,
        ...(repository === undefined ? {} : { repository }),
        message,
      })),
  }
  return `${JSON.stringify(baseline, undefined, 2)}\n`
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
