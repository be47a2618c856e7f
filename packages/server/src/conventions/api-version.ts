import { ErrandError } from '@errand/contract'

/** The versions of the REST API that are answered, newest last (behaviour.md 2.3). */
export const apiVersions = ['2022-11-28', '2026-03-10'] as const

/** Versions GitHub once had: gone, not unknown. None so far. */
const removedVersions: readonly string[] = []

/** The version a request is answered in; without the header, the oldest. */
export function selectApiVersion(header: string | string[] | undefined): string {
  if (header === undefined || header === '') return apiVersions[0]
  const asked = String(header)
  if ((apiVersions as readonly string[]).includes(asked)) return asked
  throw new ErrandError(removedVersions.includes(asked) ? 'removed_version' : 'unsupported_version')
}
