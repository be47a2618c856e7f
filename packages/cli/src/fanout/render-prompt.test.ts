import { expect, it } from 'vitest'
import { readPromptTemplate } from './render-prompt.ts'
import type { Repository } from './repository.ts'

const repository: Repository = {
  id: 1,
  name: 'shop',
  full_name: 'acme/shop',
  owner: { login: 'acme' },
  default_branch: 'trunk',
  description: null,
  html_url: 'https://github.com/acme/shop',
  topics: ['npm', 'web'],
  private: false,
  archived: false,
  fork: false,
}

it('puts the repository and its variables into the prompt', () => {
  const template = readPromptTemplate(
    'In {{repo.full_name}} ({{ repo.default_branch }}), {{repo.topics | join: "+"}}: tell {{vars.team | upcase}}.{% if vars.note %} {{vars.note}}{% endif %}',
  )

  expect(template.render(repository, { team: 'shop', note: 'Hi' })).toBe(
    'In acme/shop (trunk), npm+web: tell SHOP. Hi',
  )
})

it('leaves what is between raw alone, for workflows that have braces of their own', () => {
  const template = readPromptTemplate('{% raw %}${{ github.ref }}{% endraw %}')

  expect(template.render(repository, {})).toBe('${{ github.ref }}')
})

it.each([
  ['{{repo.nme}}', 'The prompt cannot be made for acme/shop: undefined variable: repo.nme'],
  ['{{vars.team}}', 'The prompt cannot be made for acme/shop: undefined variable: vars.team'],
  ['{{repo.constructor}}', 'The prompt cannot be made for acme/shop: undefined variable'],
])('lets no prompt out with a hole in it: %s', (text, message) => {
  expect(() => readPromptTemplate(text).render(repository, {})).toThrow(message)
})

it.each([
  ['{{repo.name', 'The prompt is no template: output "{{repo.name" not closed'],
  ['{{repo.name | shout}}', 'undefined filter: shout'],
  ['{% include "/etc/passwd" %}', 'ENOENT'],
  ['{% render "/etc/passwd" %}', 'ENOENT'],
])('says what is wrong with %s', (text, message) => {
  expect(() => readPromptTemplate(text).render(repository, {})).toThrow(message)
})
