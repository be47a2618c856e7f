import { z } from 'zod'
import type { Tool } from './tool.ts'

const Input = z.object({
  entries: z
    .array(
      z.object({
        content: z.string().min(1),
        status: z.enum(['pending', 'in_progress', 'completed']),
      }),
    )
    .max(50),
})

export const updatePlanTool: Tool<z.infer<typeof Input>> = {
  name: 'update_plan',
  description:
    'Shows the user your list of things to do, in place of the one before. For work of more than a few steps, before the first change; again each time a step is done. What is marked completed must have been done by then.',
  input: Input,
  kind: 'think',
  isQuiet: true,
  title: () => 'Update the plan',
  async run({ takePlan }, { entries }) {
    await takePlan(entries)
    return { text: 'The user sees the plan.' }
  },
}
