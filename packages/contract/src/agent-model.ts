import type { AgentEntry, ModelApi } from './agent-entry.ts'

/** The agents that come with Errand. `script` runs prompts of the model of the same name, and no other. */
export const builtinAgents = ['coder', 'script'] as const

/** What each wire format has to offer, the usual one first. */
const apisOfWire: Readonly<Record<string, readonly ModelApi[]>> = {
  anthropic: ['messages'],
  openai: ['chat_completions', 'responses'],
  gemini: ['generate_content'],
}

/** The part of a model's settings that says how it may be spoken to. */
export interface SpokenModel {
  api?: ModelApi
  /** The wire of its upstream. */
  wire: string
}

/** A model of the settings and its upstream, as they may be spoken to. */
export function spokenModel({ api }: { api?: ModelApi }, { wire }: { wire: string }): SpokenModel {
  return api === undefined ? { wire } : { wire, api }
}

/**
 * The API an agent speaks to a model by: the one the model's settings name, else the first of its wire
 * that the agent knows. Undefined where they have none in common. An agent that says nothing of its
 * APIs knows all.
 */
export function apiBetween(
  entry: Pick<AgentEntry, 'apis'> | undefined,
  { api, wire }: SpokenModel,
): ModelApi | undefined {
  const offered = api === undefined ? (apisOfWire[wire] ?? []) : [api]
  const { apis } = entry ?? {}
  return offered.find((one) => apis === undefined || one in apis)
}
