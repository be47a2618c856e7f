import { createRedaction } from '../../redaction/redact-secrets.ts'

/** What is shorter is no secret that could be kept, and is not masked either. */
const shortest = 4

/**
 * Whether there is a secret among bytes, as it is or as JSON, URLs, hex and base64 write it, also where chunks cut
 * it apart. What is packed or encrypted in there is not looked into.
 */
export async function holdsSecret(
  chunks: AsyncIterable<Buffer> | Iterable<Buffer>,
  secrets: readonly string[],
): Promise<boolean> {
  // Taken out without a trace, so that fewer bytes come out than went in.
  const step = createRedaction(secrets, { shortest, mask: '', wraps: true }).step()
  let missing = 0
  for await (const chunk of chunks) missing += chunk.length - step.push(chunk).length
  return missing !== step.end().length
}
