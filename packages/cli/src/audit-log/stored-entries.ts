import { type AuditLogRow, listAudit } from '@errand/core'
import { createLog } from '../serve/log.ts'
import { openStoreOf } from '../serve/start-server.ts'
import { loadSettings } from '../settings.ts'
import type { Terminal } from '../terminal/terminal.ts'

const pageSize = 1000

/**
 * The entries of the database that a server's settings name, the oldest first.
 *
 * @throws UserError when it cannot be opened, as PGlite's while the server runs
 */
export async function* readStoredEntries(
  { environment, cwd, err, paint, isErrInteractive }: Terminal,
  config: string,
): AsyncGenerator<AuditLogRow> {
  const { settings } = loadSettings({}, environment, { cwd, config })
  const log = createLog('warn', { write: err, isInteractive: isErrInteractive, paint })
  await using store = await openStoreOf(settings, log)
  for (let after = 0; ;) {
    const rows = await listAudit(store, { order: 'asc', after, limit: pageSize })
    yield* rows
    if (rows.length < pageSize) return
    after = rows.at(-1)?.number ?? after
  }
}
