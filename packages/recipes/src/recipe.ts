import type { z } from 'zod'
import type { Change, Repository } from './repository/repository.ts'

/** A deterministic job on a repository: it needs no model, no network and no credential. */
export interface Recipe<Options extends z.ZodObject = z.ZodObject> {
  name: string
  /** One line for a list. */
  summary: string
  /** What it does, and what it leaves alone. */
  description: string
  options: Options
  /** Options whose values make it another job, with a pull request of its own. Default: none. */
  identifiedBy?: readonly string[]
  /** Options that show it at work. */
  example: Readonly<Record<string, string>>
  run: (
    repository: Repository,
    options: z.infer<Options>,
    context: RecipeContext,
  ) => Promise<Outcome>
}

export interface RecipeContext {
  /** The day of the run in UTC, as `2026-01-31`. */
  today: string
  signal: AbortSignal
}

export type Outcome =
  /** There was nothing to do, which is a good end. */
  | { type: 'nothing'; reason: string }
  | {
      type: 'changes'
      /** Of the pull request, and the first line of the commit. */
      title: string
      /** Of the pull request, in Markdown. */
      body: string
      changes: readonly Change[]
      /** What was found and decided, a line each, for the log. */
      report: readonly string[]
    }

/** Keeps the type of the options between a recipe's schema and its `run`. */
export function defineRecipe<Options extends z.ZodObject>(recipe: Recipe<Options>): Recipe {
  return recipe
}
