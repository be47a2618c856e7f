import { recipeMark, type Recipe } from '@errand/recipes'

/**
 * A recipe as instructions for a model, for servers that run no recipes, as GitHub's own. The text begins
 * with what the recipe is for, and asks for the mark by which a later run finds the pull request.
 */
export function composeTextPrompt(
  recipe: Recipe,
  options: Readonly<Record<string, unknown>>,
  base: string,
): string {
  const given = Object.entries(options).map(([name, value]) => `- ${name}: ${String(value)}`)
  const mark = recipeMark(recipe, options)
  return [
    `${titles[recipe.name] ?? recipe.summary} of the branch ${base}.`,
    recipe.description,
    given.length === 0 ? '' : `Options:\n\n${given.join('\n')}`,
    `Work from ${base} as it is now: where this branch is behind it, merge it in and do the work anew.`,
    'Change nothing else, and when there is nothing to do, change nothing and say so.',
    `Let the text of the pull request contain this line as it is: ${mark}`,
  ]
    .filter((part) => part !== '')
    .join('\n\n')
}

const titles: Readonly<Record<string, string>> = { release: 'Prepare the next release' }
