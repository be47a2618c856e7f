import { z } from 'zod'
import type { Tool } from './tool.ts'

const Input = z.object({
  question: z
    .string()
    .min(1)
    .max(4000)
    .describe('What is to be found out, with all that has to be known to look for it.'),
})

export const exploreTool: Tool<z.infer<typeof Input>> = {
  name: 'explore',
  description:
    'Has a question about the repository looked into by a second conversation that can only read and search, and gives its answer with paths and lines. For wide searches whose many files you need not see yourself: "where is X used, and how", "how does Y work". It knows nothing but the question. Several can run at once.',
  input: Input,
  // What it uses has kinds of its own, and is asked about by them.
  kind: 'other',
  isReadOnly: true,
  title: ({ question }) => `Explore: ${question}`,
  run: async ({ explore }, { question }) => ({ text: await explore(question) }),
}
