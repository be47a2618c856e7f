import Fastify from 'fastify'

// The least that waits for requests: what `errand serve` is weighed against where PostgreSQL is apart.
const app = Fastify()
app.get('/', () => ({ ok: true }))
await app.listen({ port: 0 })
