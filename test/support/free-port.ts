import { type AddressInfo, createServer } from 'node:net'

/** A port nobody listens on: a server that comes back has to be where its clients look for it. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // A TCP socket that listens has an address with a port.
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
