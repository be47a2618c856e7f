import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { expect, it } from 'vitest'

import { createAuthority } from './certificates.ts'
import { composeTruststore } from './truststore.ts'

const run = promisify(execFile)
const keytool = ['/usr/bin/keytool', '/usr/local/bin/keytool'].find((path) => existsSync(path))

it.skipIf(keytool === undefined)(
  'is a file that Java reads, with every certificate (skipped where there is no Java)',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'errand-truststore-'))
    const file = join(folder, 'truststore.jks')
    const authorities = [await createAuthority(), await createAuthority()]
    const pem = authorities.map(({ certificate }) => certificate).join('')
    await writeFile(file, composeTruststore(`# a comment\n${pem}`))

    const args = ['-list', '-keystore', file, '-storetype', 'JKS', '-storepass', 'changeit']
    const { stdout } = await run(keytool ?? '', args)

    expect(stdout).toContain('2 entries')
    expect(stdout.match(/trustedCertEntry/g)).toHaveLength(2)
    await rm(folder, { recursive: true })
  },
)
