import type { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'

/** Keeps the beginning of a stream and drops the rest, so that a command may print what it likes. */
export async function collect(
  stream: Readable,
  { keep, stopAt, stop }: { keep: number; stopAt?: number; stop?: () => void },
): Promise<{ bytes: Buffer; truncated: boolean }> {
  const chunks: Buffer[] = []
  let kept = 0
  let seen = 0
  stream.on('data', (chunk: Buffer) => {
    if (stopAt !== undefined && seen <= stopAt && seen + chunk.length > stopAt) stop?.()
    seen += chunk.length
    const part = chunk.subarray(0, keep - kept)
    if (part.length > 0) chunks.push(part)
    kept += part.length
  })
  // A pipe that broke has ended as well; how the command fared is told by its exit.
  await finished(stream).catch(() => {})
  return { bytes: Buffer.concat(chunks), truncated: seen > kept }
}
