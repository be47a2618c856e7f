import { type CallToolResult, McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'

/** The gateway is next door: it answers at once, or something is wrong. */
const timeoutMs = 30_000
/** Characters of what may be told, and entries of a plan, as the gateway takes them. */
const longestLine = 500
const mostEntries = 50

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

const Progress = z.object({
  message: z.string().min(1).max(longestLine).describe('What is done or found, in a sentence.'),
})

const Plan = z.object({
  entries: z
    .array(
      z.object({
        content: z.string().min(1).max(longestLine),
        status: z.enum(['pending', 'in_progress', 'completed']),
      }),
    )
    .max(mostEntries),
})

/**
 * The MCP server for agents that cannot ask by ACP. Its tools are not called ask_user, report_progress or
 * update_plan: agents have tools of those names themselves, and one drops any other of such a name.
 *
 * @param questionsUrl where questions are POSTed: `{ message }`. Beside it, below `progress` and `plan`, what the
 *   agent tells of its work: `{ message }`, `{ entries }`
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
  server.registerTool(
    'note_progress',
    {
      description:
        'Tells the user how far you are, for work that takes long: when a part of it is done, or something was found that they should know. Nobody answers.',
      inputSchema: Progress,
    },
    (progress) => tell(new URL('progress', questionsUrl), progress),
  )
  server.registerTool(
    'set_plan',
    {
      description:
        'Shows the user your list of things to do, in place of the one before. For work of more than a few steps, before the first change; again each time a step is done. What is marked completed must have been done by then.',
      inputSchema: Plan,
    },
    (plan) => tell(new URL('plan', questionsUrl), plan),
  )
  return server
}

/** Returns at once: agents give up on a tool after one to five minutes, and a user may take days. */
async function poseQuestion(
  url: string,
  { message, options = [] }: z.infer<typeof Question>,
): Promise<CallToolResult> {
  const lines = options.map((option) => `- ${option}`)
  const asked = lines.length === 0 ? message : `${message}\n\n${lines.join('\n')}`
  const refusal = await post(url, { message: asked })
  if (refusal === undefined) {
    return say(
      'The user has your question. End your turn now, without doing anything else: the answer comes as the next message.',
    )
  }
  const text = `The question could not be handed on (${refusal}). Decide yourself, and say so in your last message.`
  return { ...say(text), isError: true }
}

async function tell(url: URL, told: object): Promise<CallToolResult> {
  const refusal = await post(url, told)
  if (refusal === undefined) return say('The user sees it.')
  return { ...say(`It could not be told (${refusal}). Go on with your work.`), isError: true }
}

/** Gives why it was not taken; undefined if it was. */
async function post(url: string | URL, body: object): Promise<string | undefined> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(timeoutMs),
    })
    await response.body?.cancel()
    return response.ok ? undefined : `the answer was ${response.status}`
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function say(text: string): CallToolResult {
  return { content: [{ type: 'text', text }] }
}
