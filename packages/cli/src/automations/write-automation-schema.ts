import { writeFileSync } from 'node:fs'
import { automationJsonSchema } from './automation-file.ts'

// Writes docs/automation.schema.json anew: run it after a change of a key of the files.
const path = new URL('../../../../docs/automation.schema.json', import.meta.url)
writeFileSync(path, `${JSON.stringify(automationJsonSchema(), undefined, 2)}\n`)
