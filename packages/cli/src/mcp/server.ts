import { type Client, State } from '@errand/contract'
import { type CallToolResult, McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { sendAnswer } from '../answer-questions.ts'
import { beyondGitHub } from '../client/beyond-github.ts'
import { parseRepository } from '../client/git-remote.ts'
import { explainError } from '../errors.ts'
import { readQuestion } from '../fanout/read-question.ts'

const taskId = z.uuid().describe('The id of a task, as start_agent_task gave it.')
const repository = z.string().min(3).describe('A repository, as owner/name.')

/** A tool answers within this time, or says that the server did not. */
const signal = (): AbortSignal => AbortSignal.timeout(60_000)

/**
 * The MCP server by which other agents delegate: it starts tasks, looks at them, answers and cancels
 * them, with the rights of one token. Every tool answers at once; nothing waits for a task to end.
 */
export function createTaskServer(client: Client): McpServer {
  const server = new McpServer({ name: 'errand', version: '0.1.0' })
  addStartTool(server, client)
  addLookTools(server, client)
  addSteerTools(server, client)
  return server
}

function addStartTool(server: McpServer, client: Client): void {
  server.registerTool(
    'start_agent_task',
    {
      description:
        'Starts a coding agent on a repository. It works in the background and opens a draft pull request. Look at it later with get_agent_task.',
      inputSchema: z.object({
        repository,
        prompt: z.string().min(1).describe('What is to be done, with all the agent must know.'),
        model: z.string().optional().describe('Default: the server decides.'),
        agent: z.string().optional().describe("The agent. Default: the model's."),
        custom_agent: z.string().optional().describe('A custom agent of the repository.'),
        base_ref: z.string().optional().describe('The branch to start from. Default: the default.'),
        create_pull_request: z.boolean().default(true),
      }),
    },
    ({ repository: name, ...body }) =>
      answering(async () => {
        const params = parseRepository(name)
        return await client.call('createTask', {
          params,
          body: definedOnly(body),
          signal: signal(),
        })
      }),
  )
}

function addLookTools(server: McpServer, client: Client): void {
  server.registerTool(
    'list_agent_tasks',
    {
      description: 'Lists the tasks of a repository, or your own, the most recently changed first.',
      inputSchema: z.object({
        repository: repository.optional(),
        state: z.array(State).optional().describe('Only tasks in these states.'),
        limit: z.int().min(1).max(100).default(20),
      }),
      annotations: { readOnlyHint: true },
    },
    ({ repository: name, state, limit }) =>
      answering(async () => {
        const query = { per_page: limit, ...(state !== undefined && { state }) }
        const { tasks } =
          name === undefined
            ? await client.call('listTasks', { params: {}, query, signal: signal() })
            : await client.call('listTasksForRepo', {
                params: parseRepository(name),
                query,
                signal: signal(),
              })
        return { tasks }
      }),
  )
  server.registerTool(
    'get_agent_task',
    {
      description:
        'Shows a task: its state, its pull request, what went wrong, and the question it waits with.',
      inputSchema: z.object({ task_id: taskId }),
      annotations: { readOnlyHint: true },
    },
    (params) =>
      answering(async () => {
        const task = await client.call('getTask', { params, signal: signal() })
        if (task.state !== 'waiting_for_user') return task
        const question = await beyondGitHub(
          'tell what a task asks',
          readQuestion(client, task.id, signal()),
        )
        return { ...task, question }
      }),
  )
}

function addSteerTools(server: McpServer, client: Client): void {
  server.registerTool(
    'answer_agent_task',
    {
      description: 'Answers the question of a task whose state is waiting_for_user.',
      inputSchema: z.object({ task_id: taskId, text: z.string().min(1) }),
    },
    ({ task_id, text }) =>
      answering(async () => {
        await beyondGitHub('take an answer', sendAnswer(client, task_id, text, signal()))
        return { task_id, outcome: 'answered' }
      }),
  )
  server.registerTool(
    'cancel_agent_task',
    {
      description: 'Cancels a task. What it has pushed stays.',
      inputSchema: z.object({ task_id: taskId }),
      annotations: { destructiveHint: true, idempotentHint: true },
    },
    (params) =>
      answering(() =>
        beyondGitHub('cancel a task', client.call('cancelTask', { params, signal: signal() })),
      ),
  )
}

/** What went wrong is told to the model as a result: it may know what to do about it. */
async function answering(work: () => Promise<object>): Promise<CallToolResult> {
  try {
    return say(JSON.stringify(await work()))
  } catch (error) {
    return { ...say(explainError(error).message), isError: true }
  }
}

function say(text: string): CallToolResult {
  return { content: [{ type: 'text', text }] }
}

/** Left out, not sent as undefined: the types of the wire tell the two apart. */
function definedOnly<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(value).filter(([, item]) => item !== undefined)
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> }
}
