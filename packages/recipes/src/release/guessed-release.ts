import { checked } from '../check-options.ts'
import { parseOptions } from '../parse-options.ts'
import { composeRecipePrompt } from '../recipe-prompt.ts'
import { openRepository } from '../repository/repository.ts'
import { revisionOf } from '../run-in-checkout.ts'
import type { Level } from './next-version.ts'
import { planRelease } from './plan-release.ts'
import { release } from './recipe.ts'

/** A release whose version nothing decides: whoever can judge changes may. */
export interface GuessedRelease {
  /** The tag of the release before. */
  since: string
  /** The messages of what has changed, newest first. */
  messages: string[]
  /** The prompt that prepares it with the version raised so far, and the reason told. */
  promptFor: (bump: Level, reason: string) => string
}

/**
 * Looks at what a prompt of the recipe `release` would do in the checkout in a folder. Undefined where
 * the version is asked for, follows from what is there, or needs not be decided.
 *
 * @throws RecipeError as the recipe itself
 */
export async function guessedRelease(
  folder: string,
  prompt: string,
  signal: AbortSignal,
): Promise<GuessedRelease | undefined> {
  const { base, options } = parseOptions(release, prompt)
  const repository = await openRepository(folder, await revisionOf(folder, base, signal), signal)
  // On which day does not matter to the version.
  const plan = await planRelease(repository, checked(release.options, options), { today: '' })
  if (plan.type === 'nothing' || !plan.isGuess || plan.since === undefined) return undefined
  return {
    since: plan.since,
    messages: plan.messages,
    promptFor: (bump, reason) =>
      composeRecipePrompt(release.name, {
        ...(base !== undefined && { base }),
        ...options,
        bump,
        reason,
      }),
  }
}
