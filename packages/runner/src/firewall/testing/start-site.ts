import { createServer, type RequestListener } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { callbackify } from 'node:util'

import { createAuthority } from '../certificates.ts'

export type Site = Awaited<ReturnType<typeof startSite>>

/** Answers over TLS, with a certificate for any name, and without; as a server on the internet would. */
export async function startSite({
  serve = answerWithUrl,
  address = '127.0.0.1',
}: { serve?: RequestListener; address?: string } = {}) {
  const seen: { host: string; url: string }[] = []
  const authority = await createAuthority()
  const listener: RequestListener = (incoming, response) => {
    seen.push({ host: incoming.headers.host ?? '', url: incoming.url ?? '' })
    serve(incoming, response)
  }
  const secure = createSecureServer({
    // Who asks for an address names none; npm, behind a proxy, then expects `localhost`.
    SNICallback: callbackify((name: string) => authority.contextFor(name)),
    ...(await authority.pairFor(address, 'localhost')),
  })
  secure.on('request', listener)
  const plain = createServer(listener)
  const ports = { https: await listen(secure, address), http: await listen(plain, address) }
  return {
    authority,
    ports,
    seen,
    close() {
      for (const server of [secure, plain]) {
        server.closeAllConnections()
        server.close()
      }
    },
  }
}

async function listen(server: ReturnType<typeof createServer>, address: string): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, address, resolve))
  return (server.address() as AddressInfo).port
}

const answerWithUrl: RequestListener = (incoming, response) => response.end(`seen ${incoming.url}`)
