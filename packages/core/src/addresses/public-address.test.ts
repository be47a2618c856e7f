import type { lookup as resolve } from 'node:dns'
import { connect } from 'node:net'
import { expect, it } from 'vitest'
import {
  AddressRefused,
  createGuardedLookup,
  isPublicAddress,
  requirePublicHost,
} from './public-address.ts'

it.each([
  'http://127.0.0.1/',
  'http://127.1/',
  'http://2130706433/',
  'http://0x7f000001/',
  'http://0177.0.0.1/',
  'http://0/',
  'http://0.0.0.0:8080/',
  'http://10.1.2.3/',
  'http://100.64.0.1/',
  'http://169.254.169.254/latest/meta-data/',
  'http://0xa9fea9fe/',
  'http://172.31.255.255/',
  'http://192.168.0.1/',
  'http://198.18.0.1/',
  'http://224.0.0.1/',
  'http://255.255.255.255/',
  'http://[::]/',
  'http://[::1]/',
  'http://[::ffff:127.0.0.1]/',
  'http://[::ffff:a9fe:a9fe]/',
  'http://[::127.0.0.1]/',
  'http://[64:ff9b::7f00:1]/',
  'http://[2002:7f00:1::]/',
  'http://[2001::1]/',
  'http://[fc00::1]/',
  'http://[fd00:ec2::254]/',
  'http://[fe80::1]/',
  'http://[ff02::1]/',
  'http://１２７.０.０.１/',
])('refuses %s', (url) => {
  expect(() => requirePublicHost(new URL(url))).toThrow(AddressRefused)
})

it.each(['https://93.184.215.14/', 'https://[2606:4700::1111]/', 'https://example.com/'])(
  'takes %s',
  (url) => {
    expect(() => requirePublicHost(new URL(url))).not.toThrow()
  },
)

it('takes no text for an address', () => {
  for (const text of ['', 'localhost', '127.0.0.1 ', 'fe80::1%eth0', '1.2.3.4/8']) {
    expect(isPublicAddress(text)).toBe(false)
  }
})

it.each([
  ['a name of this machine', ['127.0.0.1']],
  ['a name with one private address among public ones', ['93.184.215.14', '10.0.0.1']],
  ['a name of a mapped address', ['::ffff:127.0.0.1']],
  ['a name without an address', []],
])('connects to no socket by %s', async (_, addresses) => {
  const lookup = createGuardedLookup(isPublicAddress, answering(addresses))
  const socket = connect({ host: 'rebound.example', port: 9, lookup })

  const error = await new Promise((resolved) => socket.once('error', resolved))

  expect(error).toBeInstanceOf(AddressRefused)
})

it('gives a socket the addresses it has looked at', async () => {
  const lookup = createGuardedLookup(isPublicAddress, answering(['93.184.215.14']))

  const given = await new Promise((resolved) =>
    lookup('public.example', { all: true }, (error, addresses) => resolved([error, addresses])),
  )

  expect(given).toEqual([null, [{ address: '93.184.215.14', family: 4 }]])
})

/** A resolver whose every name has these addresses. */
function answering(addresses: string[]): typeof resolve {
  return ((_name: string, _options: object, callback: (...args: unknown[]) => void) => {
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )
  }) as unknown as typeof resolve
}
