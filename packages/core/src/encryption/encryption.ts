import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'

/**
 * What turns secrets into text that may lie in the store: nothing secret is stored but through it, or
 * as a hash.
 */
export interface Encryption {
  /** The key that seals, as it stands in what it sealed: eight bytes of its hash, in hex. */
  keyId: string
  /**
   * @param about the place it is for, like `webhooks/UUID/secret`: sealed text moved to another place does
   * not open there.
   */
  seal: (plain: string, about: string) => string
  /** @throws SealBroken when no key of this server opens it, it was changed, or it is of another place. */
  open: (sealed: string, about: string) => string
}

/** Its message names the place and the key, never what was sealed. */
export class SealBroken extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'SealBroken'
  }
}

/** Bytes of a key: AES-256. */
export const keyBytes = 32
const nonceBytes = 12
const tagBytes = 16

/**
 * AES-256-GCM. The first key seals, every one of them opens, so that a key can be replaced while what the
 * old one sealed is still there. Sealed text is `v1.KEYID.` and nonce, ciphertext and tag as base64url.
 *
 * @throws RangeError for no key, or one that is not 32 bytes long
 */
export function createEncryption(keys: readonly Uint8Array[]): Encryption {
  const [first] = keys
  if (first === undefined || keys.some(({ length }) => length !== keyBytes)) {
    throw new RangeError(`an encryption key has ${keyBytes} bytes`)
  }
  const byId = new Map(keys.map((key) => [idOf(key), key]))
  const keyId = idOf(first)
  return {
    keyId,
    seal(plain, about) {
      const nonce = randomBytes(nonceBytes)
      const cipher = createCipheriv('aes-256-gcm', first, nonce).setAAD(Buffer.from(about))
      const parts = [nonce, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]
      return `v1.${keyId}.${Buffer.concat(parts).toString('base64url')}`
    },
    open(sealed, about) {
      const [, sealedBy = '', text = ''] = /^v1\.([0-9a-f]{16})\.([\w-]+)$/.exec(sealed) ?? []
      const key = byId.get(sealedBy)
      if (key === undefined) throw unknownKey(about, sealedBy)
      const bytes = Buffer.from(text, 'base64url')
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes), {
          authTagLength: tagBytes,
        })
        decipher.setAAD(Buffer.from(about)).setAuthTag(bytes.subarray(-tagBytes))
        const plain = decipher.update(bytes.subarray(nonceBytes, -tagBytes))
        return Buffer.concat([plain, decipher.final()]).toString('utf8')
      } catch (cause) {
        throw new SealBroken(`what is sealed as ${about} was changed`, { cause })
      }
    },
  }
}

function unknownKey(about: string, id: string): SealBroken {
  const by =
    id === '' ? 'with no key at all' : `with the key ${id}, which this server does not have`
  return new SealBroken(`what is sealed as ${about} is encrypted ${by}`)
}

function idOf(key: Uint8Array): string {
  return createHash('sha256').update('errand encryption key').update(key).digest('hex').slice(0, 16)
}
