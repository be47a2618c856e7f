import { createSocket } from 'node:dgram'
import { createServer, type Server } from 'node:net'
import type { AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { openTestBox } from '../testing/open-test-box.ts'

let host: Server
let connections: number

beforeEach(async () => {
  connections = 0
  host = createServer((socket) => {
    connections += 1
    socket.end('the host answers')
  })
  await new Promise<void>((resolve) => host.listen(0, '0.0.0.0', resolve))
})

afterEach(() => {
  host.close()
})

/** A program for the box: prints what came of connecting to each address. */
function connectTo(targets: readonly { host: string; port: number }[]): string {
  return `
    const { connect } = require('node:net')
    for (const target of ${JSON.stringify(targets)}) {
      const socket = connect({ ...target, timeout: 3000 })
      const say = (what) => { console.log(target.host, what); socket.destroy() }
      socket.once('connect', () => say('CONNECTED'))
      socket.once('timeout', () => say('TIMEOUT'))
      socket.once('error', (error) => say(error.code))
    }`
}

describe('an agent that connects where it may not', () => {
  it('reaches no service of the host, on no address of it', async () => {
    await using test = await openTestBox()
    const { port } = host.address() as AddressInfo // a TCP server has one
    const own = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
    const targets = ['127.0.0.1', '127.0.0.2', '0.0.0.0', ...own.map(({ address }) => address)]

    const result = await test.box.run(
      'node',
      ['-e', connectTo(targets.map((host) => ({ host, port })))],
      { timeoutMs: 20_000, maxOutputBytes: 10_000 },
    )

    expect(result.stdout.toString().trim().split('\n')).toHaveLength(targets.length)
    expect(result.stdout.toString()).not.toMatch(/CONNECTED|TIMEOUT/)
    expect(connections).toBe(0)
  })

  it('reaches no metadata service, no private network and nothing outside, at once', async () => {
    await using test = await openTestBox()
    const addresses = [
      '169.254.169.254',
      '192.0.2.1',
      '10.0.0.1',
      '172.17.0.1',
      '1.1.1.1',
      'fe80::1',
    ]

    const result = await test.box.run(
      'node',
      ['-e', connectTo(addresses.map((host) => ({ host, port: 80 })))],
      { timeoutMs: 20_000, maxOutputBytes: 10_000 },
    )

    const answers = result.stdout.toString().trim().split('\n')
    expect(answers).toHaveLength(addresses.length)
    expect(answers.every((answer) => /ENETUNREACH|EINVAL|EADDRNOTAVAIL/.test(answer))).toBe(true)
  })

  it('resolves no name and sends no datagram', async () => {
    await using test = await openTestBox()
    const udp = createSocket('udp4')
    let datagrams = 0
    udp.on('message', () => (datagrams += 1))
    await new Promise<void>((resolve) => udp.bind(0, '127.0.0.1', resolve))

    const result = await test.agent(`
      getent hosts example.com && echo resolved
      node -e "
        const socket = require('node:dgram').createSocket('udp4')
        for (const [port, host] of [[53, '8.8.8.8'], [53, '169.254.169.254'], [123, '192.0.2.1']])
          socket.send('out', port, host, (error) => console.log(error?.code))
        socket.send('to the host', ${udp.address().port}, '127.0.0.1', () => socket.close())"`)

    expect(result.stdout).toBe('ENETUNREACH\nENETUNREACH\nENETUNREACH\n')
    // Anything it sent has arrived before what is sent now.
    udp.send('mark', udp.address().port, '127.0.0.1')
    await new Promise((resolve) => udp.once('message', resolve))
    expect(datagrams).toBe(1)
    udp.close()
  })

  it('reaches no abstract socket of the host', async () => {
    await using test = await openTestBox()
    const name = `errand-attack-${process.pid}`
    const abstract = createServer(() => (connections += 1))
    await new Promise<void>((resolve) => abstract.listen(`\0${name}`, resolve))

    const result = await test.agent(`
      grep -c '@${name}' /proc/net/unix
      node -e "require('node:net').connect('\\\\0${name}').once('error', (error) => console.log(error.code))"`)

    expect(result.stdout).toBe('0\nECONNREFUSED\n')
    expect(connections).toBe(0)
    abstract.close()
  })

  it('opens no socket of an unusual family or kind', async () => {
    await using test = await openTestBox()
    // family, type, protocol: packet, raw, vsock, alg, netlink audit, bluetooth, SCTP
    const sockets = '17,3,0 2,3,1 40,1,0 38,5,0 16,3,9 31,1,0 2,1,132'

    const result = await test.agent(`
      for socket in ${sockets}; do
        IFS=,; set -- $socket; unset IFS
        perl -e 'socket(my $s, $ARGV[0], $ARGV[1], $ARGV[2]) and print "opened @ARGV\\n"' $1 $2 $3
      done; perl -e 'socket(my $s, 2, 1, 6) and print "plain TCP works\\n"'`)

    expect(result.stdout).toBe('plain TCP works\n')
  })

  it('cannot bring the network up or change it', async () => {
    await using test = await openTestBox()

    const result = await test.agent(`
      ip link add veth0 type veth && echo added
      ip route add default dev lo && echo routed
      ip link set lo down && echo lo is down
      echo 1 2>/dev/null > /proc/sys/net/ipv4/ip_forward && echo forwarding; true`)

    expect(result.stdout).toBe('')
  })
})
