import { type CallToolResult, McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'

/** The gateway is next door: it answers at once, or something is wrong. */
const timeoutMs = 30_000

const Question = z.object({
  message: z
    .string()
    .min(1)
    .describe('The question, with all the user needs to know to answer it, in a few sentences.'),
  options: z
    .array(z.string().min(1))
    .max(10)
    .optional()
    .describe('Answers to choose from, if any.'),
})

/**
 * The MCP server for agents that cannot ask by ACP: its one tool hands the question on and returns at
 * once, because agents give up on a tool after one to five minutes and a user may take days. It is not
 * called ask_user, a name some agents drop.
 *
 * @param questionsUrl where questions are POSTed: `{ message, options? }`
 */
export function createAskServer(questionsUrl: string): McpServer {
  const server = new McpServer({ name: 'errand', version: '0.1.0' })
  server.registerTool(
    'pose_question',
    {
      description:
        'Asks the user who gave you the task. Only for a decision that is theirs and that neither the task nor the repository settles. The answer does not come as the result: end your turn after calling this, and you get the answer as the next message.',
      inputSchema: Question,
    },
    (question) => poseQuestion(questionsUrl, question),
  )
  return server
}

async function poseQuestion(
  url: string,
  question: z.infer<typeof Question>,
): Promise<CallToolResult> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(question),
      signal: AbortSignal.timeout(timeoutMs),
    })
    if (!response.ok) return notAsked(`the answer was ${response.status}`)
  } catch (error) {
    return notAsked(error instanceof Error ? error.message : String(error))
  }
  return say(
    'The user has your question. End your turn now, without doing anything else: the answer comes as the next message.',
  )
}

function notAsked(reason: string): CallToolResult {
  const text = `The question could not be handed on (${reason}). Decide yourself, and say so in your last message.`
  return { ...say(text), isError: true }
}

function say(text: string): CallToolResult {
  return { content: [{ type: 'text', text }] }
}
