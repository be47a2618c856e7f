/** Keys as base64, as GitHub's API has them. */
export interface KeyPair {
  publicKey: string
  secretKey: string
}

/** libsodium is WebAssembly that takes a while to be compiled: only who seals or opens waits for it. */
async function sodium() {
  const { default: library } = await import('libsodium-wrappers')
  await library.ready
  return library
}

/** A new pair of keys for sealed boxes. */
export async function createKeyPair(): Promise<KeyPair> {
  const { publicKey, privateKey } = (await sodium()).crypto_box_keypair()
  return { publicKey: toBase64(publicKey), secretKey: toBase64(privateKey) }
}

/** A text that only who has the secret key reads, as base64: libsodium's `crypto_box_seal`. */
export async function sealBox(text: string, publicKey: string): Promise<string> {
  const key = Buffer.from(publicKey, 'base64')
  return toBase64((await sodium()).crypto_box_seal(Buffer.from(text), key))
}

/** What is in a sealed box; undefined where it was sealed with another key, or is none. */
export async function openBox(box: string, keys: KeyPair): Promise<Buffer | undefined> {
  const { crypto_box_seal_open: open } = await sodium()
  const [publicKey, secretKey] = [keys.publicKey, keys.secretKey].map((key) =>
    Buffer.from(key, 'base64'),
  )
  // Both were given.
  const pair = [publicKey!, secretKey!] as const
  try {
    return Buffer.from(open(Buffer.from(box, 'base64'), ...pair))
  } catch {
    // The library says by throwing that it does not open, and nothing of why.
    return undefined
  }
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}
