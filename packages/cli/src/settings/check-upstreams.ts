import { regionOfBedrock, type Settings } from '@errand/contract'
import { didYouMean } from './closest-word.ts'

/** Where a setting was given, and its name: what a sentence about it begins with. */
type At = (path: (string | number)[]) => string

/** What the schema cannot say of upstreams and of the fallbacks of models. */
export function* checkUpstreams(settings: Settings, at: At): Generator<string> {
  for (const [name, upstream] of Object.entries(settings.upstreams)) {
    const given = (['api_key_env', 'api_key_file', 'api_key_command'] as const).filter(
      (key) => upstream[key] !== undefined,
    )
    const [first, second] = given
    if (first !== undefined && second !== undefined) {
      yield `${at(['upstreams', name, second])} must not stand beside ${first}: give one of them`
    }
    if (upstream.kind === 'azure' && upstream.wire !== 'openai') {
      yield `${at(['upstreams', name, 'wire'])} must be openai for kind azure`
    }
    if (upstream.kind === 'vertex' && upstream.wire === 'openai') {
      yield `${at(['upstreams', name, 'wire'])} must be anthropic or gemini for kind vertex`
    }
    if (upstream.kind === 'bedrock' && upstream.wire !== 'anthropic') {
      yield `${at(['upstreams', name, 'wire'])} must be anthropic for kind bedrock`
    }
    if (upstream.kind === 'bedrock' && first === undefined && !regionOfBedrock(upstream)) {
      yield `${at(['upstreams', name, 'region'])} must be given: its base_url does not tell the region to sign for`
    }
  }
  for (const [index, model] of settings.models.entries()) {
    const wire = settings.upstreams[model.upstream]?.wire
    for (const [place, { upstream }] of (model.fallbacks ?? []).entries()) {
      const where = at(['models', index, 'fallbacks', place, 'upstream'])
      const found = settings.upstreams[upstream]
      if (found === undefined) {
        const known = didYouMean(upstream, Object.keys(settings.upstreams))
        yield `${where} \`${upstream}\` is not one of \`upstreams\`${known}`
      } else if (wire !== undefined && found.wire !== wire) {
        yield `${where} \`${upstream}\` speaks ${found.wire}, and the model is spoken to by ${wire}`
      }
    }
  }
}
