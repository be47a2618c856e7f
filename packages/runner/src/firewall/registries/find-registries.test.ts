import { expect, it } from 'vitest'

import { findRegistries } from './find-registries.ts'
import type { RunCommand } from './registry.ts'

/** Programs that answer as theirs do. */
function answering(answers: Record<string, string>): RunCommand {
  return (command, args) => {
    const line = [command, ...args].join(' ')
    const key = Object.keys(answers).find((beginning) => line.startsWith(beginning))
    return Promise.resolve(key === undefined ? undefined : answers[key])
  }
}

it('takes where packages come from out of each manager’s own configuration, without credentials', async () => {
  const found = await findRegistries(
    answering({
      'npm config': JSON.stringify({
        registry: 'https://user:token@npm.corp.test/all/',
        '@team:registry': 'https://team.corp.test/',
        'replace-registry-host': 'npmjs',
      }),
      'pip config':
        "global.index-url='https://me:secret@pip.corp.test/simple'\nglobal.extra-index-url='file:///opt/x https://more.corp.test/simple'\n",
      'go env': 'https://u:p@go.corp.test,direct\nsum.golang.test\n',
      'apt-get indextargets': 'http://deb.corp.test/debian/\nhttp://deb.corp.test/debian/\n',
      'gem sources': '*** CURRENT SOURCES ***\n\nhttps://gems.corp.test/\n',
      'mvn --version': 'Apache Maven 3.8.7\nMaven home: /usr/share/maven\n',
      'sh -c':
        '<project><url>https://maven.corp.test/2</url><!-- <url>https://no.test/</url> --></project>',
    }),
  )

  expect(found).toMatchObject({
    npm: {
      urls: ['https://npm.corp.test/all/', 'https://team.corp.test/'],
      env: { npm_config_registry: 'https://npm.corp.test/all/' },
    },
    pip: {
      urls: ['https://pip.corp.test/simple', 'https://more.corp.test/simple'],
      env: { PIP_INDEX_URL: 'https://pip.corp.test/simple' },
    },
    go: {
      urls: ['https://go.corp.test/', 'https://sum.golang.test/'],
      env: { GOPROXY: 'https://go.corp.test,direct', GOSUMDB: 'sum.golang.test' },
    },
    'apt-get': { urls: ['http://deb.corp.test/debian/'] },
    gem: { urls: ['https://gems.corp.test/'] },
  })
  expect(JSON.stringify(found)).not.toMatch(/secret|token|u:p/)
})

it('asks pip’s own defaults where no index is configured', async () => {
  const found = await findRegistries(
    answering({
      'pip config': '',
      'python3 -c': 'https://index.test/simple/\nhttps://files.test/\n',
    }),
  )

  expect(found.pip?.urls).toEqual(['https://index.test/simple/', 'https://files.test/'])
})

it('leaves out what is not there or answers nothing of use', async () => {
  expect(await findRegistries(answering({}))).toEqual({})
  expect(
    await findRegistries(
      answering({ 'npm config': 'not json', 'pip config': '?', 'go env': 'off\noff' }),
    ),
  ).toEqual({})
})

it('finds the registry of the npm that is on this machine', async () => {
  const found = await findRegistries()

  expect(found.npm?.urls[0]).toMatch(/^https?:\/\//)
})
