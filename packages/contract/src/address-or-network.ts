import { z } from 'zod'

export const AddressOrNetwork = z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], {
  error: 'must be an address, or a network such as 10.20.0.0/16',
})
