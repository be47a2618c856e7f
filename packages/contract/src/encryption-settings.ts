import { z } from 'zod'

export const EncryptionSettings = z.strictObject({
  key_env: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of a variable')
    .exactOptional()
    .describe(
      'The variable with the key, or `NAME_FILE` beside it the file with it: 32 bytes as base64, as `openssl rand -base64 32` makes them. Former keys follow after spaces or on further lines: they only decrypt. Default: the file `secrets/encryption.key` in the data folder, made at the first start.',
    ),
  key_command: z
    .array(z.string())
    .min(1)
    .exactOptional()
    .describe('The program, with its arguments, that prints the key instead; no shell runs it.'),
})
export type EncryptionSettings = z.infer<typeof EncryptionSettings>
