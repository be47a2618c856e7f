import { once } from 'node:events'
import { createServer } from 'node:net'
import { connect } from 'node:tls'
import * as fc from 'fast-check'
import { expect, it } from 'vitest'

import { longestHelloBytes, readClientHello } from './client-hello.ts'

const hello = await helloOf('packages.contoso.test')

it('reads the name a client asks for, however its bytes are cut', () => {
  expect(readClientHello(hello)).toEqual({ type: 'tls', serverName: 'packages.contoso.test' })
  for (let length = 0; length < hello.length; length += 1) {
    expect(readClientHello(hello.subarray(0, length))).toEqual({ type: 'incomplete' })
  }
})

it('reads it when it is split over several records', () => {
  const body = hello.subarray(5)
  const records = [body.subarray(0, 3), body.subarray(3, 90), body.subarray(90)].map((part) => {
    const header = Buffer.from([22, 3, 1, 0, 0])
    header.writeUInt16BE(part.length, 3)
    return Buffer.concat([header, part])
  })

  expect(readClientHello(Buffer.concat(records))).toMatchObject({
    serverName: 'packages.contoso.test',
  })
})

it.each(['GET / HTTP/1.1\r\n', 'SSH-2.0-x\r\n', '\0', '\x16\x02\x01\0\x05hello'])(
  'takes %j for no TLS',
  (text) => {
    expect(readClientHello(Buffer.from(text, 'latin1'))).toEqual({ type: 'not_tls' })
  },
)

it('waits for no more than a ClientHello may have', () => {
  const endless = Buffer.alloc(longestHelloBytes, 0)
  endless.set([22, 3, 1, 64, 0, 1, 255, 255, 255])

  expect(readClientHello(endless)).toEqual({ type: 'not_tls' })
})

it('waits for no more records than a client makes', () => {
  // A ClientHello of 256 bytes, byte by byte.
  const message = [1, 0, 1, 0, ...Array<number>(96).fill(0)]
  const records = message.map((byte) => [22, 3, 1, 0, 1, byte])

  expect(readClientHello(Buffer.from(records.slice(0, 10).flat()))).toEqual({ type: 'incomplete' })
  expect(readClientHello(Buffer.from(records.flat()))).toEqual({ type: 'not_tls' })
})

it('never fails, whatever is sent', () => {
  const spoilt = fc
    .array(fc.tuple(fc.nat(hello.length - 1), fc.nat(255)), { maxLength: 8 })
    .map((changes) => {
      const bytes = Buffer.from(hello)
      for (const [at, value] of changes) bytes[at] = value
      return bytes
    })
  const anything = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes))

  fc.assert(
    fc.property(fc.oneof(spoilt, anything), (bytes) => {
      expect(['tls', 'not_tls', 'incomplete']).toContain(readClientHello(bytes).type)
    }),
    { numRuns: 500 },
  )
})

/** The first bytes of Node's own client. */
async function helloOf(servername: string): Promise<Buffer> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const client = connect({ host: '127.0.0.1', port, servername })
  client.on('error', () => undefined)
  const [socket] = (await once(server, 'connection')) as [import('node:net').Socket]
  const [bytes] = (await once(socket, 'data')) as [Buffer]
  client.destroy()
  socket.destroy()
  server.close()
  return bytes
}
