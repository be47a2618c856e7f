import { ErrandError } from '@errand/contract'

/** Tells whether somebody who knows a secret has sent these bytes. @throws ErrandError bad_credentials */
export type RequireSender = (body: Buffer, signature: string) => Promise<string>

/**
 * GitHub's `X-Hub-Signature-256`, checked in constant time by `@octokit/webhooks`, against each secret: while
 * one is changed there are two. Gives the body as text.
 */
export function requireSenderBy(secrets: readonly string[]): RequireSender {
  let opening: Promise<((text: string, signature: string) => Promise<boolean>)[]> | undefined
  return async (body, signature) => {
    opening ??= openVerifiers(secrets)
    const text = textOf(body)
    if (text !== undefined && text !== '') {
      for (const verify of await opening) if (await verify(text, signature)) return text
    }
    throw new ErrandError('bad_credentials')
  }
}

/** Loaded with the first delivery: most servers are sent none. */
async function openVerifiers(secrets: readonly string[]) {
  const { Webhooks } = await import('@octokit/webhooks')
  return secrets.map((secret) => new Webhooks({ secret }).verify)
}

/**
 * The library signs a text, and the signature is over the bytes: only what is the text of exactly these
 * bytes may pass, so what is no UTF-8 does not.
 */
function textOf(body: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body)
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
}
