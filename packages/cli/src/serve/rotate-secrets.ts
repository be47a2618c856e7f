import { reseal } from '@errand/core'
import { type Flags, loadSettings } from '../settings.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { createLog } from './log.ts'
import { addOwnKey, dropFormerKeys, openEncryption } from './open-encryption.ts'
import { openStoreOf } from './start-server.ts'

/**
 * `errand secrets rotate`. A key of the data folder is replaced: the new one is written before the old one there,
 * everything is sealed anew, and then the old one goes. Wherever that is stopped, both keys are there and the
 * next time goes on. A key from elsewhere is its owner's to replace: everything is sealed with the first.
 */
export async function rotateSecrets(
  terminal: Terminal,
  flags: Flags,
  config?: string,
): Promise<void> {
  const { environment, cwd } = terminal
  const given = { cwd, ...(config !== undefined && { config }) }
  const { settings } = loadSettings(flags, environment, given)
  const log = createLog(settings.log_level, {
    write: (text) => terminal.err(text),
    isInteractive: terminal.isErrInteractive,
    paint: terminal.paint,
  })
  const { key_env: variable, key_command: command } = settings.encryption
  const isOwn = variable === undefined && command === undefined
  // Before any key is made: nobody else may have the data folder open.
  await using store = await openStoreOf(settings, log)
  if (isOwn) await addOwnKey(settings)
  const encryption = await openEncryption(settings, environment, log)
  const count = await reseal(store, encryption)
  if (isOwn) await dropFormerKeys(settings)
  const what = count === 1 ? '1 secret is' : `${count} secrets are`
  terminal.err(`${what} encrypted anew, with the key ${encryption.keyId}.\n`)
  if (!isOwn) terminal.err('The former keys can be taken away.\n')
}
