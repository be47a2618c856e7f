import { readFileSync, writeFileSync } from 'node:fs'
import { rulesTable } from './rules-table.ts'

// Writes the table of docs/policy.md anew: run it after a change of a rule.
const path = new URL('../../../../docs/policy.md', import.meta.url)
writeFileSync(path, rulesTable(readFileSync(path, 'utf8')))
