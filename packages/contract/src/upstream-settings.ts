import { z } from 'zod'
import { PriceSetting } from './price.ts'

/** Where models are served, and what with. */
export const Upstream = z.strictObject({
  wire: z.enum(['anthropic', 'openai', 'gemini']).describe('The wire format the upstream speaks.'),
  base_url: z
    .url({ protocol: /^https?$/ })
    .describe('Including the version, like https://api.anthropic.com/v1.'),
  kind: z
    .enum(['plain', 'azure', 'vertex', 'bedrock'])
    .exactOptional()
    .describe(
      "How requests are signed and addressed: the provider's own API, or that of a cloud (docs/gateway.md). Default: `plain`.",
    ),
  api_key_env: z
    .string()
    .exactOptional()
    .describe(
      'The variable that holds the key, or `NAME_FILE` beside it the file with it. Where none of the three is given, no key is sent; kinds vertex and bedrock then use what the tools of their cloud would.',
    ),
  api_key_file: z
    .string()
    .min(1)
    .exactOptional()
    .describe('The file that holds the key. Read again when the upstream refuses it.'),
  api_key_command: z
    .array(z.string())
    .min(1)
    .exactOptional()
    .describe(
      'The program, with its arguments, that prints the key; no shell runs it. Run again when the upstream refuses the key, and after ten minutes.',
    ),
  credential: z
    .enum(['key', 'token'])
    .exactOptional()
    .describe(
      'Of kind azure: whether what is given is a key, or a token of Microsoft Entra. Default: `key`.',
    ),
  api_version: z
    .string()
    .min(1)
    .exactOptional()
    .describe(
      'Of kind azure: the version of the API by deployments, like 2024-10-21. Default: the API without versions, whose `base_url` ends in /openai/v1.',
    ),
  region: z
    .string()
    .regex(/^[a-z0-9-]+$/, 'must be a region of AWS, like us-east-1')
    .exactOptional()
    .describe(
      'Of kind bedrock: the region that requests are signed for. Default: that of `base_url`.',
    ),
  max_retries: z.coerce
    .number()
    .int()
    .min(0)
    .max(10)
    .exactOptional()
    .describe(
      'How often a request is sent again before the next upstream is tried, after 429, 529, a 5xx or no answer at all. Default: 2.',
    ),
})
export type Upstream = z.infer<typeof Upstream>

/** The region in `bedrock-runtime.us-east-1.amazonaws.com`, and in the names of private endpoints. */
export function regionOfBedrock({
  base_url: url,
  region,
}: Pick<Upstream, 'base_url' | 'region'>): string | undefined {
  if (region !== undefined) return region
  return /(?:^|\.)bedrock-runtime(?:-fips)?\.([a-z0-9-]+)\./.exec(new URL(url).hostname)?.[1]
}

/** Another upstream that serves a model. */
export const Fallback = z.strictObject({
  upstream: z.string().describe('A name of `upstreams`, of the same wire.'),
  name: z.string().exactOptional().describe('What that upstream calls it. Default: the id.'),
  price: PriceSetting.exactOptional().describe(
    "What it costs there. Default: the list price of that upstream's provider, where it is known.",
  ),
})
export type Fallback = z.infer<typeof Fallback>
