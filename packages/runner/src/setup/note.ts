import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { SealBroken } from '@errand/core'
import { z } from 'zod'

import { hasCode } from '../error-code.ts'
import type { Run } from '../run/run.ts'
import type { Workspace } from '../workspace/workspace.ts'
import { type HandedOn, nothingHandedOn } from './handed-on.ts'

/** What the steps handed on, beside the workspace, for who goes on with it later: nothing runs again. */
const Note = z.object({
  variables: z.record(z.string(), z.string()),
  paths: z.array(z.string()),
  masks: z.array(z.string()),
})

const place = (run: Run): string => `sessions/${run.lease.session.id}/setup`

/** Sealed: a step may have handed on a secret. */
export async function writeNote(run: Run, workspace: Workspace, note: HandedOn): Promise<void> {
  const file = join(workspace.dir, 'setup.note')
  const sealed = run.context.encryption.seal(JSON.stringify(note), place(run))
  await writeFile(`${file}.new`, sealed, { mode: 0o600 })
  await rename(`${file}.new`, file)
}

export async function readNote(run: Run, workspace: Workspace): Promise<HandedOn> {
  try {
    const sealed = await readFile(join(workspace.dir, 'setup.note'), 'utf8')
    return Note.parse(JSON.parse(run.context.encryption.open(sealed, place(run))))
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return nothingHandedOn
    if (!(error instanceof SealBroken)) throw error
    await run.say(
      'The variables that the setup steps had set are lost: they were sealed with a key that is gone.',
      'warning',
    )
    return nothingHandedOn
  }
}
