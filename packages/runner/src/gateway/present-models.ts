import type { Catalogue } from './catalogue.ts'
import type { Wire } from './route.ts'

/** As each wire lists models; those of the other wires cannot be called here and are not shown. */
export function presentModels(catalogue: Catalogue | undefined, wire: Wire): object {
  const models = catalogue !== undefined && catalogue.upstream.wire === wire ? catalogue.models : []
  if (wire === 'gemini') {
    return {
      models: models.map(({ id, context_window: window, max_output_tokens: most }) => ({
        name: `models/${id}`,
        version: '1',
        displayName: id,
        inputTokenLimit: window,
        outputTokenLimit: most,
        supportedGenerationMethods: ['generateContent', 'streamGenerateContent', 'countTokens'],
      })),
    }
  }
  return {
    object: 'list',
    has_more: false,
    data: models.map(({ id }) => ({
      id,
      type: 'model',
      object: 'model',
      display_name: id,
      owned_by: 'errand',
      created: 0,
      created_at: '1970-01-01T00:00:00Z',
    })),
  }
}
