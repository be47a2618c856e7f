import { readFileSync } from 'node:fs'
import { Settings } from '@errand/contract'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { presentConfigurationPage, writeCommand } from './configuration-page.ts'
import { listSettingKeys } from './setting-keys.ts'

const root = new URL('../../../../', import.meta.url)

it('docs/configuration.md says what the schema says', () => {
  const page = readFileSync(new URL('docs/configuration.md', root), 'utf8')

  expect(page, `out of date: run ${writeCommand}`).toBe(presentConfigurationPage())
})

it('every setting has a description, and a variable of its own', () => {
  const keys = listSettingKeys()
  const undescribed = keys.filter(({ description }) => description === '').map(({ name }) => name)
  const variables = keys.flatMap(({ environmentName }) => environmentName ?? [])

  expect(undescribed.filter((name) => !/^agents\.NAME\.(args|env)$/.test(name))).toEqual([])
  expect(new Set(variables).size).toBe(variables.length)
  expect(variables).toContain('ERRAND_SESSIONS_TIMEOUT_MINUTES')
})

it('errand.example.yml holds every section, is right as it stands, and with all of it switched on', () => {
  const example = readFileSync(new URL('errand.example.yml', root), 'utf8')
  // Prose begins with "# ", settings that are switched off with "#".
  const switchedOn = example.replaceAll(/^#(?=\S|\s{2,})/gm, '')

  expect(Settings.safeParse(parse(example) ?? {}).error).toBeUndefined()
  const all: unknown = parse(switchedOn)
  expect(Settings.safeParse(all).error).toBeUndefined()
  expect(Object.keys(Settings.shape).filter((key) => !Object.hasOwn(Object(all), key))).toEqual([])
})
