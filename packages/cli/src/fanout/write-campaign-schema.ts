import { writeFileSync } from 'node:fs'
import { campaignJsonSchema } from './campaign-schema.ts'

// Writes docs/campaign.schema.json anew: run it after a change of a campaign's keys.
const path = new URL('../../../../docs/campaign.schema.json', import.meta.url)
writeFileSync(path, `${JSON.stringify(campaignJsonSchema(), undefined, 2)}\n`)
