import { z } from 'zod'
import { Campaign } from './campaign.ts'

/** The JSON Schema of a `campaign.yml`, for editors. */
export function campaignJsonSchema(): unknown {
  return {
    title: 'A campaign of Errand: one prompt, sent to many repositories',
    ...z.toJSONSchema(Campaign, { io: 'input', target: 'draft-2020-12' }),
  }
}
