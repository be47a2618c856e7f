import { writeFileSync } from 'node:fs'
import { releaseJsonSchema } from './release-schema.ts'

// Writes docs/release.schema.json anew: run it after a change of a key of the release settings.
const path = new URL('../../../../docs/release.schema.json', import.meta.url)
writeFileSync(path, `${JSON.stringify(releaseJsonSchema(), undefined, 2)}\n`)
