import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { rootCertificates } from 'node:tls'

import { hasCode } from '../error-code.ts'
import { composeTruststore } from './truststore.ts'

/** What the programs of a box are told to believe, by what each of them can read. */
export const certificateFiles = {
  /** All authorities, for programs that take one file in place of their own. */
  bundle: 'bundle.pem',
  /** Those that are not the system's, for Node, which adds them to its own. */
  extra: 'extra.pem',
  /** All of them as Java reads them. */
  java: 'truststore.jks',
  /** apt has no variable for them, but one for its configuration. */
  apt: 'apt.conf',
} as const

/** Where distributions keep the authorities they believe, as one file. */
const systemBundles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
]

/** The system's authorities as PEM; those of Node where the system has none. */
export async function systemAuthorities(): Promise<string> {
  for (const path of systemBundles) {
    try {
      return await readFile(path, 'utf8')
    } catch (error) {
      if (!hasCode(error, 'ENOENT') && !hasCode(error, 'ENOTDIR')) throw error
    }
  }
  return rootCertificates.join('\n')
}

/**
 * Writes the authorities a box is to believe.
 *
 * @param folder is made; what is in it is readable by all, for the box's user
 * @param at where the folder is inside
 */
export async function writeCertificateFiles(
  folder: string,
  at: string,
  { system, extra }: { system: string; extra: string },
): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o755 })
  const bundle = `${system.trimEnd()}\n${extra}`
  const contents = {
    [certificateFiles.bundle]: bundle,
    [certificateFiles.extra]: extra,
    [certificateFiles.java]: composeTruststore(bundle),
    [certificateFiles.apt]: `Acquire::https::CAInfo "${at}/${certificateFiles.bundle}";\n`,
  }
  for (const [name, content] of Object.entries(contents)) {
    await writeFile(join(folder, name), content, { mode: 0o644 })
  }
}
