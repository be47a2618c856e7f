import { z } from 'zod'

/** The extension of ACP by which a running turn takes messages: version 1 has none. */
export const steeringMethod = '_session/steering'

export const SteeringRequest = z.object({
  sessionId: z.string(),
  prompt: z.array(z.object({ type: z.string() }).loose()),
})

/** What a turn that is running is told meanwhile. */
export interface Steering {
  /** False when the turn is over: the message is then to be its next prompt. */
  add(message: string): boolean
  /** What was said since the last time. */
  take(): string[]
  /** Ends the turn, unless something was said that it has not heard: then false. */
  close(): boolean
  /** Ends the turn in any case, and gives how many messages it has not heard. */
  end(): number
}

export function createSteering(): Steering {
  let messages: string[] = []
  let isOpen = true
  return {
    add(message) {
      if (isOpen) messages.push(message)
      return isOpen
    },
    take() {
      const taken = messages
      messages = []
      return taken
    },
    close() {
      if (messages.length > 0) return false
      isOpen = false
      return true
    },
    end() {
      isOpen = false
      return messages.length
    },
  }
}
