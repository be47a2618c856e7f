import { describe, expect, it } from 'vitest'
import { parseOptions } from './parse-options.ts'
import { composeRecipePrompt, recipeMark, recipeNameOf } from './recipe-prompt.ts'
import { loadRecipe } from './recipes.ts'

describe('a prompt', () => {
  it.each([
    ['#!errand-recipe release\n{}', 'release'],
    ['  \n#!errand-recipe dependency-bump', 'dependency-bump'],
    ['#!errand-recipe release extra\n', undefined],
    ['#!errand-recipes release\n', undefined],
    ['Run this:\n#!errand-recipe release', undefined],
    ['#!/bin/sh\nerrand-recipe release', undefined],
  ])('%j is the recipe %s', (prompt, name) => {
    expect(recipeNameOf(prompt)).toBe(name)
  })
})

describe('options', () => {
  it.each([
    [composeRecipePrompt('release', { base: 'main', bump: 'minor' })],
    ['#!errand-recipe release\nbase: main\nbump: minor\n'],
  ])('are read from %j', async (prompt) => {
    expect(parseOptions(await loadRecipe('release'), prompt)).toEqual({
      base: 'main',
      options: { bump: 'minor' },
    })
  })

  it.each([
    ['{"bump":"huge"}', 'The option bump is wrong'],
    ['{"colour":"red"}', 'There is no option "colour"; there are version, bump'],
    ['{"base":7}', 'The option base is wrong'],
    ['{"web_url":"javascript:alert(1)"}', 'The option web_url is wrong'],
    ['{', 'below the first line is not valid YAML'],
    ['- a', 'no list of names and values'],
    ['a: &a [x]\nb: *b', 'below the first line is not valid YAML'],
  ])('%s are refused', async (text, message) => {
    const recipe = await loadRecipe('release')

    expect(() => parseOptions(recipe, `#!errand-recipe release\n${text}`)).toThrow(message)
  })
})

describe('the mark of a pull request', () => {
  it('is one for a recipe, whatever its options', async () => {
    const recipe = await loadRecipe('release')

    expect(recipeMark(recipe, { bump: 'minor' })).toBe('<!-- errand-recipe: release -->')
  })

  it('is another one for another job', async () => {
    const recipe = await loadRecipe('dependency-bump')
    const mark = (name: string, version: string): string => recipeMark(recipe, { name, version })

    expect(mark('zod', '4.0.0')).toBe(mark('zod', '5.0.0'))
    expect(mark('zod', '4.0.0')).not.toBe(mark('yaml', '4.0.0'))
    expect(mark('--> <script>', '1.0.0')).toMatch(
      /^<!-- errand-recipe: dependency-bump \w{12} -->$/,
    )
  })
})
