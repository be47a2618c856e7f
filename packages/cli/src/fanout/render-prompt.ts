import { Liquid, LiquidError } from 'liquidjs'
import { UserError } from '../errors.ts'
import type { Repository } from './repository.ts'

export type Variables = Readonly<Record<string, unknown>>

export interface PromptTemplate {
  /** @throws UserError naming the repository when it lacks a variable */
  render(repository: Repository, variables: Variables): string
}

/**
 * A prompt as a Liquid template with `repo` and `vars`. What is not there is an error, so that no
 * repository gets a prompt with a hole in it; no file can be included.
 *
 * @param what what it is of, for the errors
 * @throws UserError with the line of what is wrong
 */
export function readPromptTemplate(text: string, what = 'prompt'): PromptTemplate {
  const liquid = new Liquid({
    strictVariables: true,
    strictFilters: true,
    ownPropertyOnly: true,
    templates: {},
  })
  const parsed = explaining(`The ${what} is no template`, () => liquid.parse(text))
  return {
    render(repository, variables) {
      const { name, full_name, owner, default_branch, description, html_url } = repository
      const scope = {
        repo: {
          name,
          full_name,
          owner: owner.login,
          default_branch,
          description: description ?? '',
          language: repository.language ?? '',
          topics: repository.topics ?? [],
          html_url,
        },
        vars: variables,
      }
      return explaining(`The ${what} cannot be made for ${full_name}`, () =>
        String(liquid.renderSync(parsed, scope)),
      )
    },
  }
}

function explaining<T>(what: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    if (!(cause instanceof LiquidError)) throw cause
    throw new UserError(`${what}: ${cause.message.split('\n', 1)[0] ?? ''}`, {
      remedy: 'Text with {{ or {% of its own goes between {% raw %} and {% endraw %}.',
      cause,
    })
  }
}
