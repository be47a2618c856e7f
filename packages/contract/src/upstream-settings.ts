import { z } from 'zod'
import { PriceSetting } from './price.ts'

/** Where models are served, and what with. */
export const Upstream = z.strictObject({
  wire: z.enum(['anthropic', 'openai', 'gemini']).describe('The wire format the upstream speaks.'),
  base_url: z
    .url({ protocol: /^https?$/ })
    .describe('Including the version, like https://api.anthropic.com/v1.'),
  kind: z
    .enum(['plain', 'azure', 'vertex'])
    .exactOptional()
    .describe(
      "How requests are signed and addressed: the provider's own API, or that of a cloud (docs/gateway.md). Default: `plain`.",
    ),
  api_key_env: z
    .string()
    .exactOptional()
    .describe(
      'The variable that holds the key, or `NAME_FILE` beside it the file with it. Where none of the three is given, no key is sent.',
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

/** Another upstream that serves a model. */
export const Fallback = z.strictObject({
  upstream: z.string().describe('A name of `upstreams`, of the same wire.'),
  name: z.string().exactOptional().describe('What that upstream calls it. Default: the id.'),
  price: PriceSetting.exactOptional().describe(
    "What it costs there. Default: the list price of that upstream's provider, where it is known.",
  ),
})
export type Fallback = z.infer<typeof Fallback>
