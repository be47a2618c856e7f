import { z } from 'zod'
import type { Tool } from './tool.ts'

const Input = z.object({
  question: z.string().min(1).describe('All the user needs to know to answer, in a few sentences.'),
  options: z
    .array(z.string().min(1))
    .max(10)
    .optional()
    .describe('Answers to choose from, if any.'),
})

export const askUserTool: Tool<z.infer<typeof Input>> = {
  name: 'ask_user',
  description:
    'Asks the user, and waits for the answer, which may take hours. Only for a decision that is theirs and that neither the task nor the repository settles.',
  input: Input,
  kind: 'other',
  title: ({ question }) => `Ask: ${question}`,
  async run({ ask }, { question, options = [] }) {
    const choices = options.map((option) => `\n- ${option}`).join('')
    return { text: await ask(question + (choices === '' ? '' : `\n${choices}`)) }
  },
}
