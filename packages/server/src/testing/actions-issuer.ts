import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, exportSPKI, generateKeyPair, SignJWT } from 'jose'

/** Who signs the tokens of GitHub Actions' workflows, with keys of its own. */
export interface ActionsIssuer extends AsyncDisposable {
  url: string
  /** A token as a workflow gets it, but for what is given. Claims given as undefined are left out. */
  sign(
    claims?: Record<string, unknown>,
    options?: { kid?: string; expiresInSeconds?: number },
  ): Promise<string>
  /** Throws the key away and signs with another; the old one is published no more. */
  rotate(): Promise<void>
  /** The public key, as whoever confuses algorithms would use it. */
  publicPem(): Promise<string>
  /** How often the keys were read. */
  reads(): number
  /** What reading the keys is answered with. */
  answerWith(status: number): void
}

export async function startActionsIssuer(audience: string): Promise<ActionsIssuer> {
  let pair = await generateKeyPair('RS256', { extractable: true })
  let kid = 'key-1'
  let reads = 0
  let status = 200
  const server = createServer((request, response) => {
    const code = request.url === '/.well-known/jwks' ? status : 404
    reads += 1
    void exportJWK(pair.publicKey).then((jwk) => {
      const keys = [{ ...jwk, kid, alg: 'RS256', use: 'sig' }]
      response.writeHead(code, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ keys }))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // A TCP socket that listens has an address with a port.
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  return {
    url,
    async sign(claims = {}, options = {}) {
      const now = Math.floor(Date.now() / 1000)
      return await new SignJWT({
        iss: url,
        aud: audience,
        iat: now,
        nbf: now - 5,
        exp: now + (options.expiresInSeconds ?? 300),
        repository: 'acme/shop',
        repository_id: '10',
        ref: 'refs/heads/main',
        event_name: 'push',
        actor: 'alice',
        actor_id: '1',
        ...claims,
      })
        .setProtectedHeader({ alg: 'RS256', kid: options.kid ?? kid, typ: 'JWT' })
        .sign(pair.privateKey)
    },
    async rotate() {
      pair = await generateKeyPair('RS256', { extractable: true })
      kid = `${kid}+`
    },
    publicPem: async () => await exportSPKI(pair.publicKey),
    reads: () => reads,
    answerWith: (code) => void (status = code),
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
