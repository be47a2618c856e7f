import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** What of a secret may stand somewhere, in any form that needs no key to be read. */
export function formsOf(secret: string): Buffer[] {
  const bytes = Buffer.from(secret)
  const shifted = [0, 1, 2].map((skip) => Buffer.concat([Buffer.alloc(skip), bytes]))
  const forms = [
    bytes,
    Buffer.from(secret, 'utf16le'),
    Buffer.from(bytes.toString('hex')),
    Buffer.from(bytes.toString('hex').toUpperCase()),
    Buffer.from(bytes.toReversed()),
    Buffer.from(encodeURIComponent(secret)),
    Buffer.from(JSON.stringify(secret).slice(1, -1)),
    Buffer.from(JSON.stringify(secret).slice(1, -1).replaceAll('/', '\\/')),
    // The ends of base64 depend on what stands beside it.
    ...shifted.flatMap((one) =>
      (['base64', 'base64url'] as const).map((form) =>
        Buffer.from(one.toString(form).slice(4, -4)),
      ),
    ),
  ]
  return forms
}

export async function holds(chunks: AsyncIterable<Buffer>, secrets: string[]): Promise<boolean> {
  const needles = secrets.flatMap(formsOf)
  let before = Buffer.alloc(0)
  for await (const chunk of chunks) {
    const bytes = Buffer.concat([before, chunk])
    if (needles.some((needle) => bytes.includes(needle))) return true
    before = bytes.subarray(-512)
  }
  return false
}

/** Whether a text holds one of the secrets. */
export function textHolds(text: string, secrets: string[]): boolean {
  const bytes = Buffer.from(text)
  return secrets.flatMap(formsOf).some((needle) => bytes.includes(needle))
}

/** The files of a folder that hold one of the secrets; those right in its subfolder `apart` are not looked at. */
export async function filesWith(dir: string, secrets: string[], apart?: string): Promise<string[]> {
  const found: string[] = []
  for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
    const isApart = apart !== undefined && entry.parentPath === join(dir, apart)
    if (!entry.isFile() || isApart) continue
    const path = join(entry.parentPath, entry.name)
    if (await holds(createReadStream(path) as AsyncIterable<Buffer>, secrets)) found.push(path)
  }
  return found
}
