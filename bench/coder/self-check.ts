import { join } from 'node:path'
import { run } from '../../test/support/run.ts'
import { createTempFolder } from '../../test/support/temp-folder.ts'
import type { FetchedTask } from './fetch-package.ts'
import { runCheck } from './run-check.ts'

export interface SelfCheck {
  id: string
  /** Must be false: there is a bug to mend. */
  passedBefore: boolean
  /** Must be true: it can be mended. */
  passedAfter: boolean
}

/** Whether a task is one: its check fails with the bug, and passes with the package's own fix. No model is needed. */
export async function selfCheck({
  id,
  check,
  buggyDir,
  fixedDir,
}: FetchedTask): Promise<SelfCheck> {
  const before = await checkFolder(buggyDir, check)
  const after = await checkFolder(fixedDir, check)
  return { id, passedBefore: before, passedAfter: after }
}

async function checkFolder(folder: string, check: string): Promise<boolean> {
  await using temp = await createTempFolder('tar')
  const tar = join(temp.path, 'repository.tar')
  await run('tar', ['-cf', tar, '-C', folder, '.'])
  return (await runCheck(tar, check)).passed
}
