/** Pieces of work that go on at the same time, at most one for each repository. */
export interface Works {
  readonly running: ReadonlyMap<string, Promise<void>>
  begin(repository: string, work: Promise<void>): void
  /** Throws what the first piece that failed has thrown. */
  requireNoFailure(): void
  /** Resolves when all have ended, well or not. */
  settle(): Promise<void>
}

export function createWorks(): Works {
  const running = new Map<string, Promise<void>>()
  let failure: { error: unknown } | undefined
  return {
    running,
    begin(repository, work) {
      const ended = work
        .catch((error: unknown) => void (failure ??= { error }))
        .finally(() => running.delete(repository))
      running.set(repository, ended)
    },
    requireNoFailure() {
      if (failure !== undefined) throw failure.error
    },
    async settle() {
      await Promise.allSettled(running.values())
    },
  }
}
