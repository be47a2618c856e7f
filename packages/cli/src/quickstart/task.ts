import { readFileSync } from 'node:fs'
import { type CreateTask, scriptModelId, type Settings } from '@errand/contract'
import { modelVariables } from '../serve/found-models.ts'

export interface QuickstartTask {
  body: Pick<CreateTask, 'prompt' | 'model'>
  /** Which agent does it, and why, for the reader. */
  reason: string
}

const coderPrompt = `Prepare the next release of this repository.

Find the last release (git tags, or when the version was last set) and read the commits since. Decide on
the next version by Semantic Versioning. Bump the version wherever a manifest of the repository has it.
Put release notes for it at the right place of the changelog, or start one: what changed, grouped, in
words a user of the project understands. Change nothing else.`

/** The same job either way: a release, prepared by a model when there is one, else by a script. */
export function chooseTask(settings: Settings, notes: readonly string[]): QuickstartTask {
  const [model] = settings.models
  if (model !== undefined) {
    return {
      body: { prompt: coderPrompt, model: model.id },
      reason: `The agent ${model.agent} does it with ${model.id}: ${notes.join('; ')}.`,
    }
  }
  const script = readFileSync(new URL('./release-preparation.sh', import.meta.url), 'utf8')
  const why = notes.length > 0 ? notes.join('; ') : `none of ${modelVariables.join(', ')} is set`
  return {
    body: {
      prompt: `Prepare the next release\n\n\`\`\`sh\n${script}\`\`\`\n`,
      model: scriptModelId,
    },
    reason: `The agent script does it, by a script and without a model: ${why}.`,
  }
}
