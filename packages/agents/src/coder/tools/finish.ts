import { z } from 'zod'
import type { Tool } from './tool.ts'

const Input = z.object({
  title: z
    .string()
    .min(1)
    .describe('What the change does, in one line of at most 72 characters, like a commit.'),
  body: z
    .string()
    .describe('Markdown: what was changed and why, what was run to check it, what is left open.'),
})

export const finishTool: Tool<z.infer<typeof Input>> = {
  name: 'finish',
  description:
    'Ends the task. Title and body become those of the pull request. Call it when all is done, or when you cannot go on; then say so in the body. When you are asked for more afterwards, finish again, with a title and a body for all of it.',
  input: Input,
  kind: 'other',
  isQuiet: true,
  title: () => 'Finish',
  async run(_context, { title, body }) {
    return { text: 'The task is finished.', report: { title, body } }
  },
}
