import { z } from 'zod'

const SecretScanning = z.strictObject({
  allow: z
    .array(z.string().min(1).max(200))
    .default([])
    .describe(
      'Globs of paths, such as `test/fixtures/**`, in which what looks like a secret is none. Never of the secrets that the agent was given.',
    ),
})

const Osv = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/ })
      .exactOptional()
      .describe(
        'An API such as that of osv.dev: it is asked about new packages by name and version.',
      ),
    path: z
      .string()
      .min(1)
      .exactOptional()
      .describe("A folder of the runner's with OSV files, one record each: then no host is asked."),
  })
  .refine(({ url, path }) => (url === undefined) !== (path === undefined), {
    message: 'must be either a url or a path',
  })

const CodeScanning = z.strictObject({
  command: z
    .array(z.string())
    .min(1)
    .describe(
      'A program and its arguments. Run in the checkout, in the box and with no way out of it.',
    ),
  timeout_minutes: z.coerce.number().min(0.01).max(1440).default(10).describe('Then it is ended.'),
  read_only_paths: z
    .array(z.string().regex(/^\//, 'must be an absolute path'))
    .default([])
    .describe("Files and folders of the runner's machine that it needs in the box."),
})

const Review = z.strictObject({
  agent: z
    .string()
    .min(1)
    .exactOptional()
    .describe('Who reviews. Default: who runs the model, else the agent that did the work.'),
  model: z
    .string()
    .min(1)
    .exactOptional()
    .describe('The model it does it with, an id of `models`. Default: that of the session.'),
  prompt: z
    .string()
    .min(1)
    .exactOptional()
    .describe('What to look for, in place of our own instructions.'),
  timeout_minutes: z.coerce.number().min(0.01).max(1440).default(10).describe('Then it is ended.'),
})

/** What the operator says of the tools that check an agent's work; which of them run, repositories say. */
export const ValidationSettings = z.strictObject({
  secret_scanning: SecretScanning.prefault({}).describe('What is scanned for secrets.'),
  osv: Osv.exactOptional().describe(
    'Where new packages are looked up for `dependency_vulnerability_checks`. Not available without it.',
  ),
  code_scanning: CodeScanning.exactOptional().describe(
    'A scanner that prints SARIF, for `codeql`. Not available without it.',
  ),
  review: Review.exactOptional().describe(
    'A second agent that reads the work, for `copilot_code_review`; `{}` takes the defaults. It costs what its model costs. Not available without it.',
  ),
})
export type ValidationSettings = z.infer<typeof ValidationSettings>
