import { composeRecipePrompt, loadRecipe, type Recipe, recipeNames } from '@errand/recipes'
import { printJson } from '../terminal/json-output.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { told } from './tell-recipe.ts'

export async function listRecipes(terminal: Terminal, isJson: boolean): Promise<void> {
  const recipes = await Promise.all(recipeNames.map((name) => loadRecipe(name)))
  if (isJson) return await printJson(terminal, recipes.map(present))
  const width = Math.max(...recipes.map(({ name }) => name.length))
  for (const { name, summary } of recipes) terminal.out(`${name.padEnd(width)}  ${summary}\n`)
}

/** @throws UserError when there is no such recipe */
export async function showRecipe(terminal: Terminal, name: string, isJson: boolean): Promise<void> {
  const recipe = await told(loadRecipe(name))
  if (isJson) return await printJson(terminal, present(recipe))
  const { options, example } = present(recipe)
  const lines = options.map(({ name, required, description }) => {
    return `  ${name}${required ? ' (required)' : ''}: ${description}`
  })
  const pairs = Object.entries(example).map(([key, value]) => ` --set ${quoted(`${key}=${value}`)}`)
  terminal.out(
    [
      `${recipe.name}: ${recipe.summary}`,
      recipe.description,
      lines.length === 0 ? 'It has no options.' : `Options:\n${lines.join('\n')}`,
      `Example:\n  $ errand recipe run ${name} -R owner/repo${pairs.join('')}`,
      `As a prompt, for the model \`script\`:\n${indented(composeRecipePrompt(name, example))}`,
    ].join('\n\n') + '\n',
  )
}

function present({ name, summary, description, options, example }: Recipe) {
  return {
    name,
    summary,
    description,
    options: Object.entries(options.shape).map(([name, schema]) => ({
      name,
      required: schema._zod.optin !== 'optional',
      description: schema.description ?? '',
    })),
    example,
  }
}

function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
}

function indented(text: string): string {
  return text.trimEnd().replace(/^/gm, '  ')
}
