import { expect, it } from 'vitest'
import { runOn } from '../testing/run-on.ts'

it.each([
  [
    'package.json',
    '{ "devDependencies": {"rope" : "^1.2.0"} }',
    '{ "devDependencies": {"rope" : "^2.0.1"} }',
  ],
  [
    'Cargo.toml',
    '[dependencies]\nrope = "1.2" # knots\n',
    '[dependencies]\nrope = "2.0.1" # knots\n',
  ],
  [
    'Cargo.toml',
    '[dev-dependencies.rope]\nversion = "=1.2.0"\n',
    '[dev-dependencies.rope]\nversion = "=2.0.1"\n',
  ],
  [
    'pyproject.toml',
    '[project]\ndependencies = ["Rope[knots] >= 1.2; python_version > \'3\'"]\n',
    '[project]\ndependencies = ["Rope[knots] >= 2.0.1; python_version > \'3\'"]\n',
  ],
  [
    'pyproject.toml',
    '[tool.poetry.dependencies]\nrope = "^1.2"\n',
    '[tool.poetry.dependencies]\nrope = "^2.0.1"\n',
  ],
  [
    'requirements-dev.txt',
    '# tools\nrope==1.2.0  # pinned\nropes==1.2.0\n',
    '# tools\nrope==2.0.1  # pinned\nropes==1.2.0\n',
  ],
  [
    'pom.xml',
    '<project><dependencies><dependency><artifactId>rope</artifactId><version>1.2.0</version></dependency></dependencies></project>',
    '<project><dependencies><dependency><artifactId>rope</artifactId><version>2.0.1</version></dependency></dependencies></project>',
  ],
  [
    'go.mod',
    'require (\n\trope v1.2.0 // indirect\n)\n',
    'require (\n\trope v2.0.1 // indirect\n)\n',
  ],
])('sets the version in %s and keeps the rest', async (path, before, wanted) => {
  const { after } = await runOn(
    'dependency-bump',
    { name: 'rope', version: '2.0.1' },
    { [path]: before },
  )

  expect(after).toEqual({ [path]: wanted })
})

it.each([
  ['package.json', '{ "dependencies": { "rope": "workspace:*", "other": "1.0.0" } }'],
  ['package.json', '{ "dependencies": { "rope": ">=1 <2" } }'],
  ['requirements.txt', 'rope>=1.2,<2\n'],
  [
    'pom.xml',
    '<project><dependencies><dependency><artifactId>rope</artifactId><version>${rope}</version></dependency></dependencies></project>',
  ],
])('leaves a requirement of %s to a person that is more than one number', async (path, before) => {
  const { outcome } = await runOn(
    'dependency-bump',
    { name: 'rope', version: '2.0.1' },
    { [path]: before },
  )

  expect(outcome).toMatchObject({ type: 'nothing' })
})

it('says which lock files are still to be renewed', async () => {
  const { outcome } = await runOn(
    'dependency-bump',
    { name: 'rope', version: '2.0.1' },
    {
      'package.json': '{ "dependencies": { "rope": "1.2.0" } }',
      'package-lock.json': '{}',
    },
  )

  expect(outcome).toMatchObject({ body: expect.stringContaining('package-lock.json') })
})
