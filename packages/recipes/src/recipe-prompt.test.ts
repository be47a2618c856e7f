import { describe, expect, it } from 'vitest'
import { parseOptions } from './parse-options.ts'
import { composeRecipePrompt, recipeNameOf } from './recipe-prompt.ts'
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
