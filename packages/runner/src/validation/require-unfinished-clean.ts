import type { Repository } from '../mirror/repository.ts'
import { effectiveConfiguration } from '../run/effective-configuration.ts'
import type { Run } from '../run/run.ts'
import { requireNoSecret } from './require-no-secret.ts'
import { type Validated, validateResult } from './validate-result.ts'

/**
 * Work that is pushed without its agent is scanned for secrets as all work is. The other tools are for whoever
 * finishes it.
 *
 * @throws SessionFailed secret_found, not_scanned
 */
export async function requireUnfinishedClean(
  run: Run,
  { repository, ...work }: Omit<Validated, 'said'> & { repository: Repository },
): Promise<void> {
  const { enabled_tools: enabled } = await effectiveConfiguration(run, repository)
  requireNoSecret(await validateResult(run, { ...work, said: '' }, enabled, ['secret_scanning']))
}
