/** Changes the bytes of an answer as they pass. */
export interface Step {
  /** What of the stream passes with this chunk; empty where it has to wait for more. */
  push: (chunk: Buffer) => Buffer
  /** What was still held back. */
  end: () => Buffer
}

export const nothing = Buffer.alloc(0)

/** One step after the other. */
export function inTurn(steps: readonly Step[]): Step {
  return {
    push: (chunk) => steps.reduce((passing, step) => step.push(passing), chunk),
    end: () =>
      steps.reduce(
        (held, step) => Buffer.concat([held.length === 0 ? held : step.push(held), step.end()]),
        nothing,
      ),
  }
}
