import type { Catalogue } from '../gateway/catalogue.ts'
import type { AgentDescriptor } from './descriptor.ts'
import type { McpServer } from './start-agent.ts'

/**
 * What an agent finds in its environment: where its model is, as its box reaches it, and what the model
 * can take. An agent that knows other variables is started by a shell that sets them from these.
 */
export function agentEnvironment(
  gatewayUrl: string,
  catalogue: Catalogue | undefined,
): Record<string, string> {
  if (catalogue === undefined) return { ERRAND_GATEWAY_URL: gatewayUrl }
  const { model, upstream, api } = catalogue
  return {
    ERRAND_GATEWAY_URL: gatewayUrl,
    ERRAND_MODEL_URL: `${gatewayUrl}/${upstream.wire}/v1`,
    ERRAND_MODEL_API: api,
    ERRAND_MODEL: model.id,
    ERRAND_CONTEXT_WINDOW: String(model.context_window),
    ERRAND_MAX_OUTPUT_TOKENS: String(model.max_output_tokens),
  }
}

/** The tool that records a question and does not wait, for agents that cannot ask otherwise. */
export function mcpServersFor(descriptor: AgentDescriptor, gatewayUrl: string): McpServer[] {
  if (descriptor.askServer === undefined) return []
  return [
    {
      // Not `ask_user`: there is an agent that drops any tool of that name.
      name: 'errand',
      command: descriptor.askServer.command,
      args: [...descriptor.askServer.args],
      env: [{ name: 'ERRAND_QUESTIONS_URL', value: `${gatewayUrl}/questions` }],
    },
  ]
}
