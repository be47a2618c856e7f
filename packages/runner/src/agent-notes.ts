/** What Errand itself has to say to the agent of a session, until it is said. */
export interface AgentNotes {
  add(note: string): void
  readonly isEmpty: boolean
  /** Those that were not said yet, oldest first. */
  take(): string[]
  /** Hears of each that is added, until what is returned is called. One listener at a time. */
  subscribe(listener: () => void): () => void
}

export function openAgentNotes(): AgentNotes {
  let unsaid: string[] = []
  let listener = (): void => undefined
  return {
    add(note) {
      unsaid.push(note)
      listener()
    },
    get isEmpty() {
      return unsaid.length === 0
    },
    take() {
      const notes = unsaid
      unsaid = []
      return notes
    },
    subscribe(heard) {
      listener = heard
      return () => {
        listener = () => undefined
      }
    },
  }
}
