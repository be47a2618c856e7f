import { lookup as resolve } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'

/** The address is one that nobody outside may make this server talk to. */
export class AddressRefused extends Error {
  constructor(host: string) {
    super(`${host} is a private or reserved address`)
    this.name = 'AddressRefused'
  }
}

/**
 * What is not the public internet: IANA's special-purpose registries for IPv4 and IPv6, where
 * `Globally Reachable` is false, with multicast, and with what only wraps an IPv4 address. In 169.254/16
 * are the metadata services of clouds.
 */
const special = new BlockList()
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const) {
  special.addSubnet(network, prefix, 'ipv4')
}

/** Of IPv6 only 2000::/3 is given out; what is outside of it is local, mapped, multicast or nobody's. */
const globalUnicast = new BlockList()
globalUnicast.addSubnet('2000::', 3, 'ipv6')
for (const [network, prefix] of [
  // Teredo, benchmarking, ORCHID and their like; documentation; 6to4, which holds an IPv4 address.
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const) {
  special.addSubnet(network, prefix, 'ipv6')
}

/** Whether a numeric address is of the public internet. What is no address is not. */
export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !special.check(address, 'ipv4')
    case 6:
      return globalUnicast.check(address, 'ipv6') && !special.check(address, 'ipv6')
    default:
      return false
  }
}

/**
 * Refuses a URL whose host is a private address as it stands. `URL` has made decimal, octal and
 * hexadecimal forms into dotted ones; names are looked at when they are connected to.
 *
 * @throws AddressRefused
 */
export function requirePublicHost(url: URL): void {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  if (isIP(host) !== 0 && !isPublicAddress(host)) throw new AddressRefused(host)
}

/**
 * Looks a name up for a socket, and gives it addresses that may be reached only: the very ones that are
 * connected to, so that a name which answers differently the second time gains nothing. A name with even
 * one other address is refused.
 *
 * @param mayReach of a numeric address. Default: those of the public internet.
 */
export function createGuardedLookup(
  mayReach: (address: string) => boolean = isPublicAddress,
  lookup: typeof resolve = resolve,
): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, '')
      const [first] = addresses
      if (first === undefined || !addresses.every(({ address }) => mayReach(address))) {
        return callback(new AddressRefused(hostname), '')
      }
      if (options.all === true) return callback(null, addresses)
      callback(null, first.address, first.family)
    })
  }
}
