import { z } from 'zod'
import { readYaml } from '../read-yaml.ts'
import { RecipeError } from '../recipe-error.ts'
import type { Repository } from '../repository/repository.ts'

/** Where a repository says how it is released. */
export const releaseSettingsPath = '.github/errand/release.yml'

/** The file `.github/errand/release.yml`. Its JSON Schema is published in `docs/release.schema.json`. */
export const ReleaseSettings = z.strictObject({
  tag_prefix: z
    .string()
    .max(100)
    .exactOptional()
    .describe('What stands before the version in a tag, like `v` or `shop@`; default: found out'),
  changelog: z
    .union([z.string().min(1).max(500), z.literal(false)])
    .exactOptional()
    .describe('The path of the changelog, or false to write none'),
  files: z
    .array(
      z.strictObject({
        path: z.string().min(1).max(500).describe('A file that holds the version'),
        pattern: z
          .string()
          .min(1)
          .max(500)
          .describe(
            'Text around the version, which stands as `{version}`, like `version: "{version}"`',
          ),
      }),
    )
    .max(100)
    .exactOptional()
    .describe('More places of the version, found by plain text'),
})
export type ReleaseSettings = z.infer<typeof ReleaseSettings>

/** @throws RecipeError that names the file and the key */
export async function readReleaseSettings(repository: Repository): Promise<ReleaseSettings> {
  const text = await repository.readText(releaseSettingsPath)
  if (text === undefined) return {}
  const parsed = ReleaseSettings.safeParse(readYaml(releaseSettingsPath, text) ?? {})
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const where = issue?.path.join('.') || 'it'
  throw new RecipeError(`${releaseSettingsPath}: ${where} is wrong (${issue?.message}).`)
}
