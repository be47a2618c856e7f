import { type CreateTask, scriptModelId, type Settings } from '@errand/contract'
import { composeRecipePrompt } from '@errand/recipes'
import { modelVariables } from '../serve/found-models.ts'

export interface QuickstartTask {
  body: Pick<CreateTask, 'prompt' | 'model'>
  /** Who does it, and why, for the reader. */
  reason: string
}

/** The same job either way: a release, by the recipe, which a model goes over when there is one. */
export function chooseTask(settings: Settings, notes: readonly string[]): QuickstartTask {
  const prompt = composeRecipePrompt('release', {})
  const [model] = settings.models
  if (model !== undefined) {
    return {
      body: { prompt, model: model.id },
      reason: `The recipe release does it, and ${model.id} goes over it: ${notes.join('; ')}.`,
    }
  }
  const why = notes.length > 0 ? notes.join('; ') : `none of ${modelVariables.join(', ')} is set`
  return {
    body: { prompt, model: scriptModelId },
    reason: `The recipe release does it, without a model: ${why}.`,
  }
}
