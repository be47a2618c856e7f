import { invalidField } from '@errand/contract'

/** What makes a create that is sent again the same create. @throws ErrandError validation_failed */
export function readIdempotencyKey(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined
  const key = String(header).trim()
  if (/^[\x20-\x7e]{1,255}$/.test(key)) return key
  throw invalidField(
    'Idempotency-Key',
    'Idempotency-Key must be 1 to 255 printable ASCII characters',
  )
}
