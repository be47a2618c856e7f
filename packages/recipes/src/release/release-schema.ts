import { z } from 'zod'
import { ReleaseSettings } from './release-settings.ts'

/** The JSON Schema of `.github/errand/release.yml`, for editors. */
export function releaseJsonSchema(): unknown {
  return {
    title: 'How Errand prepares releases of a repository: .github/errand/release.yml',
    ...z.toJSONSchema(ReleaseSettings, { io: 'input', target: 'draft-2020-12' }),
  }
}
