import { createHash } from 'node:crypto'

const magic = 0xfeedfeed
const version = 2
const trustedCertificate = 2
/** What JKS salts its digest with, beside the password. */
const salt = 'Mighty Aphrodite'
/** Not a secret: it only tells a file that was cut off from one that was not. */
const password = 'changeit'

/**
 * Certificates as Java's own format for them, JKS, which every Java reads (sun.security.provider.JavaKeyStore):
 * so none has to be there to make one.
 *
 * @param pem one certificate after the other
 */
export function composeTruststore(pem: string): Buffer {
  const certificates = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  const entries = certificates.map((text, index) => {
    const der = Buffer.from(text.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64')
    const [tag, time, length] = [Buffer.alloc(4), Buffer.alloc(8), Buffer.alloc(4)]
    tag.writeUInt32BE(trustedCertificate)
    length.writeUInt32BE(der.length)
    return Buffer.concat([tag, utf(`ca-${index}`), time, utf('X.509'), length, der])
  })
  const head = Buffer.alloc(12)
  head.writeUInt32BE(magic, 0)
  head.writeUInt32BE(version, 4)
  head.writeUInt32BE(entries.length, 8)
  const body = Buffer.concat([head, ...entries])
  const key = Buffer.from(password, 'utf16le').swap16()
  return Buffer.concat([body, createHash('sha1').update(key).update(salt).update(body).digest()])
}

/** As `DataOutput.writeUTF` does, of ASCII. */
function utf(text: string): Buffer {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(text.length)
  return Buffer.concat([length, Buffer.from(text)])
}
