import { describe, expect, it } from 'vitest'

import { openAnalysis } from '../analysis/open-analysis.ts'
import { findAddedPackages } from '../analysis/find-added-packages.ts'
import { lockFileReader } from './lock-files.ts'

function read(name: string, text: string): string[] {
  const packages = lockFileReader(name)?.(text) ?? []
  return packages.map((one) => `${one.ecosystem} ${one.name} ${one.version}`)
}

describe('the packages of a lock file', () => {
  it.each([
    [
      'package-lock.json',
      JSON.stringify({
        lockfileVersion: 3,
        packages: {
          '': { name: 'own', version: '1.0.0' },
          'packages/own': { version: '1.0.0' },
          'node_modules/own': { link: true, resolved: 'packages/own' },
          'node_modules/a': { version: '1.2.3' },
          'node_modules/a/node_modules/@s/b': { version: '2.0.0-rc.1' },
          'node_modules/alias': { name: 'real', version: '3.0.0' },
        },
      }),
      ['npm a 1.2.3', 'npm @s/b 2.0.0-rc.1', 'npm real 3.0.0'],
    ],
    [
      'npm-shrinkwrap.json',
      JSON.stringify({
        dependencies: {
          a: { version: '1.0.0', dependencies: { b: { version: '2.0.0' } } },
          alias: { version: 'npm:@s/real@3.0.0' },
        },
      }),
      ['npm a 1.0.0', 'npm @s/real 3.0.0', 'npm b 2.0.0'],
    ],
    [
      'pnpm-lock.yaml',
      `lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies: {}\npackages:\n\n  '@s/a@1.0.0':\n    resolution: {}\n\n  b@2.0.0:\n    resolution: {}\nsnapshots:\n  c@3.0.0: {}\n`,
      ['npm @s/a 1.0.0', 'npm b 2.0.0'],
    ],
    [
      'pnpm-lock.yaml',
      `packages:\n\n  /@s/a@1.0.0(react@18.0.0):\n    dev: true\n  /b/2.0.0_react@18.0.0:\n    dev: true\n`,
      ['npm @s/a 1.0.0', 'npm b 2.0.0'],
    ],
    [
      'yarn.lock',
      `# yarn lockfile v1\n\n"@s/a@^1.0.0", "@s/a@~1.1":\n  version "1.1.2"\n  dependencies:\n    version "9"\n\nb@2:\n  version "2.0.0"\n`,
      ['npm @s/a 1.1.2', 'npm b 2.0.0'],
    ],
    [
      'yarn.lock',
      `__metadata:\n  version: 8\n\n"alias@npm:real@^3.0.0":\n  version: 3.1.0\n\n"a@npm:^1.0.0":\n  version: 1.1.0\n\n"own@workspace:.":\n  version: 0.0.0-use.local\n`,
      ['npm real 3.1.0', 'npm a 1.1.0'],
    ],
    [
      'requirements-dev.txt',
      `-r base.txt\nDjango==4.2.1 --hash=sha256:abc\nzope.interface[test] == 6.0 ; python_version > "3"\nflask>=2\n# x==1\nrequests==2.31.0 \\\n`,
      ['PyPI django 4.2.1', 'PyPI zope-interface 6.0', 'PyPI requests 2.31.0'],
    ],
    [
      'poetry.lock',
      `[[package]]\nname = "Jinja2"\nversion = "3.1.2"\n\n[package.dependencies]\nname = "x"\nversion = "9"\n\n[metadata]\nversion = "2"\n`,
      ['PyPI jinja2 3.1.2'],
    ],
    [
      'Cargo.lock',
      `version = 3\n\n[[package]]\nname = "serde"\nversion = "1.0.200"\n`,
      ['crates.io serde 1.0.200'],
    ],
    [
      'Pipfile.lock',
      JSON.stringify({ default: { Flask: { version: '==3.0.0' }, local: { path: '.' } } }),
      ['PyPI flask 3.0.0'],
    ],
    [
      'go.mod',
      `module own\n\ngo 1.22\n\nrequire one.test/a v1.2.3\n\nrequire (\n\ttwo.test/b/v2 v2.0.0-20240101 // indirect\n)\n\nreplace x => y v1.0.0\n`,
      ['Go one.test/a 1.2.3', 'Go two.test/b/v2 2.0.0-20240101'],
    ],
    [
      'Gemfile.lock',
      `GEM\n  specs:\n    nokogiri (1.15.0-x86_64-linux)\n      racc (~> 1.4)\n    rails (7.0.1)\n\nDEPENDENCIES\n  rails\n`,
      ['RubyGems nokogiri 1.15.0', 'RubyGems rails 7.0.1'],
    ],
    [
      'composer.lock',
      JSON.stringify({
        packages: [{ name: 'a/b', version: 'v1.0.0' }],
        'packages-dev': [{ name: 'c/d', version: '2.0' }],
      }),
      ['Packagist a/b 1.0.0', 'Packagist c/d 2.0'],
    ],
  ])('are read: %s', (name, text, packages) => {
    expect(read(name, text)).toEqual(packages)
  })

  it('are those alone that were not in there before', () => {
    const before = Buffer.from('a==1\nb==2\n')
    const after = Buffer.from('a==1\nb==3\nc==1\n')

    const task = { type: 'packages', name: 'requirements.txt', before, after, most: 10 } as const
    expect(findAddedPackages(task).map(({ name }) => name)).toEqual(['b', 'c'])
  })

  it('of a million are read no further than they may be', async () => {
    const lines = Array.from({ length: 1_000_000 }, (_, at) => `package-${at}==1.0`)
    await using analysis = openAnalysis(new AbortController().signal)

    const after = Buffer.from(lines.join('\n'))
    const task = { type: 'packages', name: 'requirements.txt', after, most: 100 } as const
    expect(await analysis.ask(task)).toHaveLength(101)
  })

  it('that is broken, or nested without end, harms nobody but itself', async () => {
    const nested = `${'{"dependencies":{"a":'.repeat(200_000)}1${'}}'.repeat(200_000)}`
    await using analysis = openAnalysis(new AbortController().signal)
    const ask = (text: string): Promise<unknown> => {
      const after = Buffer.from(text)
      return analysis.ask({ type: 'packages', name: 'package-lock.json', after, most: 10 })
    }

    await expect(ask('{')).rejects.toThrow('it could not be read')
    await ask(nested).catch(() => undefined)
    await expect(ask('{"packages":{"node_modules/a":{"version":"1"}}}')).resolves.toHaveLength(1)
  })
})
