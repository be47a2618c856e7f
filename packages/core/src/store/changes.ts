/** What can change: the queue as a whole, or one task. */
export type Topic = 'queue' | `task:${string}`

/**
 * Wake-ups, within a process and across processes. They are hints: a listener reads what is true
 * from the store, and polls now and then in case a hint was lost.
 */
export interface Changes {
  /** Calls `listener` after each change of the topic; the returned function ends that. */
  subscribe(topic: Topic, listener: () => void): () => void
}

/** The notification channel of PostgreSQL on which topics travel. */
export const changesChannel = 'errand_changes'

export interface ChangesHub extends Changes {
  /** Delivers a topic that arrived. */
  deliver(topic: string): void
  /** Wakes everybody: after a reconnect nobody knows what was missed. */
  deliverAll(): void
}

export function createChangesHub(): ChangesHub {
  const listeners = new Map<string, Set<() => void>>()
  return {
    subscribe(topic, listener) {
      const ofTopic = listeners.get(topic) ?? new Set()
      listeners.set(topic, ofTopic.add(listener))
      return () => {
        ofTopic.delete(listener)
        if (ofTopic.size === 0 && listeners.get(topic) === ofTopic) listeners.delete(topic)
      }
    },
    deliver(topic) {
      for (const listener of listeners.get(topic) ?? []) listener()
    },
    deliverAll() {
      for (const ofTopic of listeners.values()) for (const listener of ofTopic) listener()
    },
  }
}
