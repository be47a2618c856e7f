import { createRedaction, type Redaction } from '../../redaction/redact-secrets.ts'

const prepared = new Map<string, Redaction>()
/** Tokens of clouds change by the hour. */
const mostPrepared = 100

/** The redaction of an upstream's keys: the same keys go with every request, and are prepared once. */
export function redactionOf(keys: readonly string[]): Redaction {
  const key = JSON.stringify(keys)
  const redaction = prepared.get(key) ?? createRedaction(keys)
  // The one that is used stays longest.
  prepared.delete(key)
  prepared.set(key, redaction)
  const [oldest] = prepared.keys()
  if (prepared.size > mostPrepared && oldest !== undefined) prepared.delete(oldest)
  return redaction
}
