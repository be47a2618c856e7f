import { ErrandError } from '@errand/contract'
import type { FastifyInstance } from 'fastify'
import type { ForgeContext } from '../context.ts'

/** The pictures `avatar_url` names: an account's first letter on a colour of its own. */
export function avatarRoutes(app: FastifyInstance, context: ForgeContext): void {
  app.get<{ Params: { id: string } }>('/avatars/:id', async (request, reply) => {
    const account = context.records.accounts.get(request.params.id)
    if (account === undefined) throw new ErrandError('not_found')
    // Logins begin with a letter or a digit: nothing in here needs escaping.
    const letter = account.login.charAt(0).toUpperCase()
    const hue = (account.id * 47) % 360
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40"><rect width="40" height="40" fill="hsl(${hue} 45% 45%)"/><text x="20" y="27" font-family="sans-serif" font-size="20" fill="#fff" text-anchor="middle">${letter}</text></svg>`
    return await reply.type('image/svg+xml').send(svg)
  })
}
