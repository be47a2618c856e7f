import { PGlite } from '@electric-sql/pglite'

// The least that waits on PGlite: what `errand serve` is weighed against.
const pglite = await PGlite.create(process.argv[2] ?? '')
await pglite.query('select 1')
setInterval(() => pglite.ready, 1000)
