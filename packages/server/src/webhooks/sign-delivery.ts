import { createHmac } from 'node:crypto'

/**
 * The headers a receiver checks a body by, as GitHub sends them: `X-Hub-Signature-256`, and the older
 * `X-Hub-Signature` beside it (docs.github.com, "Validating webhook deliveries").
 */
export function signaturesOf(body: string, secret: string): Record<string, string> {
  const hmac = (algorithm: string) => createHmac(algorithm, secret).update(body).digest('hex')
  return {
    'X-Hub-Signature': `sha1=${hmac('sha1')}`,
    'X-Hub-Signature-256': `sha256=${hmac('sha256')}`,
  }
}
