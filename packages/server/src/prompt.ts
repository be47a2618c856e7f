import { invalidField, type Settings } from '@errand/contract'

/**
 * What an agent is to be told: not blank, and not longer than the settings allow, in bytes of UTF-8.
 *
 * @throws ErrandError validation_failed that names the field.
 */
export function requirePrompt(
  field: string,
  text: string,
  settings: Pick<Settings, 'prompt_limit_bytes'>,
): void {
  if (text.trim() === '') throw invalidField(field, `${field} must not be blank`)
  const limit = settings.prompt_limit_bytes
  const size = Buffer.byteLength(text)
  if (size <= limit) return
  throw invalidField(field, `${field} is ${size} bytes long; at most ${limit} are accepted`)
}
