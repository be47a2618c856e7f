import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import type { Settings } from '@errand/contract'
import type { EmbeddedForge } from '@errand/forge'
import { ownerTokenFile } from '../client/local-server.ts'
import { prepareSecret } from '../client/secrets-folder.ts'

export interface OwnerToken {
  secret: string
  path: string
  /** Made just now: the one time it is shown. */
  isNew: boolean
}

/**
 * The first owner's token, for the commands on this machine: the configured one (ERRAND_ADMIN_TOKEN),
 * the one kept among the secrets of the data folder, or a new one. The forge has only its hash, so a
 * lost file means a new token.
 */
export async function issueOwnerToken(
  forge: EmbeddedForge,
  settings: Settings,
): Promise<OwnerToken> {
  const path = prepareSecret(settings.data, ownerTokenFile)
  const kept = existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined
  const wanted = settings.admin_token ?? kept
  const secret = await forge.ensureSiteAdmin(wanted)
  if (secret !== kept) {
    // A token that was replaced must not open the door any more.
    if (kept !== undefined) await forge.revokeToken(kept)
    writeSecret(path, secret)
  }
  return { secret, path, isNew: wanted === undefined }
}

/** Readable by its owner alone from its first moment on, and never half written. */
function writeSecret(path: string, secret: string): void {
  const next = `${path}.${process.pid}`
  writeFileSync(next, `${secret}\n`, { mode: 0o600 })
  chmodSync(next, 0o600)
  renameSync(next, path)
}
