import { writeFileSync } from 'node:fs'
import { policyJsonSchema } from './policy-json-schema.ts'

// Writes docs/policy.schema.json anew: run it after a change of a rule or of the policy's keys.
const path = new URL('../../../docs/policy.schema.json', import.meta.url)
writeFileSync(path, `${JSON.stringify(policyJsonSchema(), undefined, 2)}\n`)
