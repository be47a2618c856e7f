import { createHash } from 'node:crypto'
import { ErrandError, invalidField, type PublicKey, valueLimitBytes } from '@errand/contract'
import { sql } from 'kysely'
import { type Encryption, SealBroken } from '../encryption/encryption.ts'
import { now, type Store } from '../store/store.ts'
import { patiently } from '../store/transact.ts'
import { createKeyPair, openBox } from './sealed-box.ts'

/** What the secret key of a pair is bound to. */
export function placeOfBoxKey(keyId: string): string {
  return `sealed-box-keys/${keyId}`
}

/**
 * The key that clients seal secrets with: made when the first of them asks, the same for all servers.
 *
 * @throws ErrandError unavailable where this server's encryption key is not the one that it was sealed with
 */
export async function publicKeyOf(store: Store, encryption: Encryption): Promise<PublicKey> {
  const found = (await readKey(store)) ?? (await makeKey(store, encryption))
  // A secret that nobody could open is better never sealed.
  openKey(encryption, found)
  return { key_id: found.key_id, key: found.public_key }
}

/**
 * The text in a sealed box.
 *
 * @throws ErrandError validation_failed where it was sealed with another key, or holds what is no value;
 * unavailable as `publicKeyOf`
 */
export async function openSecret(
  store: Store,
  encryption: Encryption,
  { encrypted_value: box, key_id: keyId }: { encrypted_value: string; key_id: string },
): Promise<string> {
  const key = await readKey(store)
  if (key === undefined || key.key_id !== keyId) {
    const message = 'key_id is not of the present key: get the public key again, and seal with that'
    throw invalidField('key_id', message, 'Secret')
  }
  const secretKey = openKey(encryption, key)
  const bytes = await openBox(box, { publicKey: key.public_key, secretKey })
  if (bytes === undefined) {
    throw invalidValue('is not sealed with the public key (libsodium crypto_box_seal)')
  }
  if (bytes.length > valueLimitBytes) throw invalidValue(`holds more than ${valueLimitBytes} bytes`)
  const text = bytes.toString('utf8')
  // It becomes a variable of a process, which is text without a null character.
  if (text.includes('\0') || !Buffer.from(text).equals(bytes)) {
    throw invalidValue('must hold UTF-8 without null characters')
  }
  return text
}

function invalidValue(problem: string): Error {
  return invalidField('encrypted_value', `encrypted_value ${problem}`, 'Secret')
}

function openKey(
  encryption: Encryption,
  { key_id, sealed }: { key_id: string; sealed: string },
): string {
  try {
    return encryption.open(sealed, placeOfBoxKey(key_id))
  } catch (cause) {
    if (!(cause instanceof SealBroken)) throw cause
    const message = `This server can take no secrets, its encryption key is not the one of its store: ${cause.message}`
    throw new ErrandError('unavailable', { message, cause })
  }
}

async function readKey(store: Store) {
  return await patiently(() => store.db.selectFrom('sealed_box_key').selectAll().executeTakeFirst())
}

/** The first of two who make one wins. */
async function makeKey(store: Store, encryption: Encryption) {
  const { publicKey, secretKey } = await createKeyPair()
  const keyId = createHash('sha256').update(publicKey).digest('hex').slice(0, 16)
  const sealed = encryption.seal(secretKey, placeOfBoxKey(keyId))
  await patiently(() =>
    sql`
      insert into sealed_box_key (key_id, public_key, sealed, created_at)
      values (${keyId}, ${publicKey}, ${sealed}, ${now(store)})
      on conflict do nothing`.execute(store.db),
  )
  const made = await readKey(store)
  if (made === undefined) throw new Error('the key for sealed boxes was deleted as it was made')
  return made
}
