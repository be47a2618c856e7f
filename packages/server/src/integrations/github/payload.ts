import { z } from 'zod'

// What is read of GitHub's payloads. It is only where to look: what is true is asked of the forge.

export const id = z.int().positive()

export const Repository = z.object({
  id,
  // A managed user's name has an underscore.
  full_name: z.string().regex(/^[\w-]{1,100}\/[A-Za-z0-9._-]{1,100}$/),
})

export const User = z.object({ id, login: z.string().max(100), type: z.string() })
