// Wanted by the next but one, before it is loaded.
import 'reflect-metadata'

import { webcrypto } from 'node:crypto'
import { isIP } from 'node:net'
import { createSecureContext, type SecureContext } from 'node:tls'

import {
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509'

/** An authority whose certificates one sandbox believes, and nobody else. */
export interface CertificateAuthority {
  /** PEM. The key is never written down. */
  certificate: string
  /** What a server of that name shows. Kept: a package manager connects to one host many times. */
  contextFor(host: string): Promise<SecureContext>
  /** A certificate for names and addresses, and its key, as PEM. */
  pairFor(...hosts: string[]): Promise<{ cert: string; key: string }>
}

cryptoProvider.set(webcrypto)

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
/** Longer than any session, with its waits for the user. */
const validDays = 90
const dayMs = 24 * 60 * 60 * 1000
const mostHosts = 1000

/** Makes an authority for one sandbox, in memory. */
export async function createAuthority(): Promise<CertificateAuthority> {
  const keys = await makeKeys()
  // No two of one name: a client that knows several would take the wrong one's key.
  const issuer = `CN=Errand firewall ${serialNumber()}`
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: issuer,
    issuer,
    ...validity(),
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey: keys.privateKey,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  })
  const contexts = new Map<string, Promise<SecureContext>>()

  async function makePair(...hosts: string[]): Promise<{ cert: string; key: string }> {
    const own = await makeKeys()
    const leaf = await X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      subject: 'CN=errand',
      issuer,
      ...validity(),
      signingAlgorithm: algorithm,
      publicKey: own.publicKey,
      signingKey: keys.privateKey,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
        new SubjectAlternativeNameExtension(
          hosts.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value })),
        ),
      ],
    })
    const exported = await webcrypto.subtle.exportKey('pkcs8', own.privateKey)
    const body = Buffer.from(exported).toString('base64')
    const key = `-----BEGIN PRIVATE KEY-----\n${body}\n-----END PRIVATE KEY-----\n`
    return { key, cert: leaf.toString('pem') }
  }

  return {
    certificate: `${certificate.toString('pem')}\n`,
    pairFor: makePair,
    contextFor(host) {
      const found = contexts.get(host)
      if (found !== undefined) return found
      // Names come from inside: they must not fill the memory.
      if (contexts.size >= mostHosts) contexts.clear()
      const made = makePair(host).then(createSecureContext)
      contexts.set(host, made)
      return made
    },
  }
}

async function makeKeys(): Promise<webcrypto.CryptoKeyPair> {
  return await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
}

function validity(): { notBefore: Date; notAfter: Date } {
  const now = Date.now()
  return { notBefore: new Date(now - dayMs), notAfter: new Date(now + validDays * dayMs) }
}

function serialNumber(): string {
  const bytes = webcrypto.getRandomValues(new Uint8Array(16))
  // Positive, and not shorter for a zero at its beginning.
  bytes[0] = (bytes[0]! & 0x7f) | 0x40
  return Buffer.from(bytes).toString('hex')
}
