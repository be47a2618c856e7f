import { z } from 'zod'

/** A yes or no of the settings: in the environment it is a word. */
export const flag = z.union([
  z.boolean(),
  z.enum(['true', 'false']).transform((text) => text === 'true'),
])
