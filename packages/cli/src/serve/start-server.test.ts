import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Settings } from '@errand/contract'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { UserError } from '../errors.ts'
import { createLog } from './log.ts'
import { startServer } from './start-server.ts'

let data: string
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'errand-start-'))
})
afterEach(() => rmSync(data, { recursive: true }))

it('does not start without a secret that a setting names, says which, and gives all up', async () => {
  const port = { client_id_env: 'ID', client_secret_env: 'KEY', token_env: 'TOKEN' }
  const settings = Settings.parse({ data, port: 0, integrations: { port } })
  const log = createLog('silent', { write: () => undefined, isInteractive: false, paint: String })

  const first = await startServer(settings, { ID: 'id' }, log).catch((error: unknown) => error)
  // Had it kept the data folder, this would fail for that.
  const second = await startServer(settings, { ID: 'id', KEY: 'key' }, log).catch(
    (error: unknown) => error,
  )

  expect(first).toBeInstanceOf(UserError)
  expect(String(first)).toContain(
    'integrations.port.client_secret_env: the variable KEY is not set',
  )
  expect(String(second)).toContain('integrations.port.token_env: the variable TOKEN is not set')
})
