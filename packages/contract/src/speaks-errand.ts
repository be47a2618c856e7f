import { AnswerError } from './answer-error.ts'
import type { Client } from './client.ts'

/** Whether a server has what is beyond GitHub: only Errand can be asked which models it has. */
export async function speaksErrand(client: Client, signal: AbortSignal): Promise<boolean> {
  try {
    await client.call('listModels', { params: {}, signal })
    return true
  } catch (error) {
    if (error instanceof AnswerError && error.status === 404) return false
    throw error
  }
}
