import type { Repository } from '../repository/repository.ts'

export interface Detected {
  name: string
  /** Which files said so. */
  because: string
  workflow: string
}

interface Ecosystem {
  name: string
  /** The first of these there is says that it is used. */
  signs: readonly string[]
  steps: (has: (path: string) => boolean) => readonly string[]
}

const node: Ecosystem = {
  name: 'Node.js',
  signs: ['package.json'],
  steps(has) {
    const [manager, install] = has('pnpm-lock.yaml')
      ? ['pnpm', 'corepack enable && pnpm install --frozen-lockfile']
      : has('yarn.lock')
        ? ['yarn', 'corepack enable && yarn install --frozen-lockfile']
        : ['npm', has('package-lock.json') ? 'npm ci' : 'npm install']
    return [
      'uses: actions/setup-node@v4\n        with:\n          node-version: lts/*',
      `run: ${install}`,
      manager === 'npm' ? 'run: npm test --if-present' : `run: ${manager} test`,
    ]
  },
}

const ecosystems: readonly Ecosystem[] = [
  node,
  {
    name: 'Rust',
    signs: ['Cargo.toml'],
    steps: (has) => [
      'run: rustup toolchain install stable --profile minimal',
      `run: cargo test --workspace${has('Cargo.lock') ? ' --locked' : ''}`,
    ],
  },
  {
    name: 'Go',
    signs: ['go.mod'],
    steps: () => [
      'uses: actions/setup-go@v5\n        with:\n          go-version-file: go.mod',
      'run: go vet ./...',
      'run: go test ./...',
    ],
  },
  {
    name: 'Python',
    signs: ['pyproject.toml', 'setup.py', 'requirements.txt'],
    steps: (has) => [
      "uses: actions/setup-python@v5\n        with:\n          python-version: '3.x'",
      has('pyproject.toml') || has('setup.py')
        ? 'run: python -m pip install pytest -e .'
        : 'run: python -m pip install pytest -r requirements.txt',
      'run: python -m pytest',
    ],
  },
  {
    name: 'Maven',
    signs: ['pom.xml'],
    steps: (has) => [
      'uses: actions/setup-java@v4\n        with:\n          distribution: temurin\n          java-version: 21\n          cache: maven',
      `run: ${has('mvnw') ? './mvnw' : 'mvn'} -B verify`,
    ],
  },
  {
    name: 'Gradle',
    signs: ['build.gradle', 'build.gradle.kts'],
    steps: (has) => [
      'uses: actions/setup-java@v4\n        with:\n          distribution: temurin\n          java-version: 21',
      `run: ${has('gradlew') ? './gradlew' : 'gradle'} build`,
    ],
  },
  {
    name: 'Make',
    signs: ['Makefile'],
    steps: () => ['run: make', 'run: make test'],
  },
]

/** The ecosystems of a repository, each with its job; Make only where there is no other. */
export function writeWorkflow(
  { files }: Pick<Repository, 'files'>,
  branch: string,
): Detected | undefined {
  const has = (path: string): boolean => files.get(path)?.type === 'file'
  const found = ecosystems.flatMap((ecosystem) => {
    const sign = ecosystem.signs.find(has)
    return sign === undefined ? [] : [{ ...ecosystem, sign }]
  })
  const used = found.length > 1 ? found.filter(({ name }) => name !== 'Make') : found
  if (used.length === 0) return undefined
  const jobs = used.map(({ name, steps }) => {
    const lines = ['uses: actions/checkout@v4', ...steps(has)].map((step) => `      - ${step}`)
    const id = name.toLowerCase().replace(/[^a-z]/g, '')
    return `  ${id}:\n    runs-on: ubuntu-latest\n    timeout-minutes: 30\n    steps:\n${lines.join('\n')}\n`
  })
  const workflow = [
    'name: CI\n\n',
    `on:\n  push:\n    branches: [${JSON.stringify(branch)}]\n  pull_request:\n\n`,
    '# The tests need to read the code and nothing else.\npermissions:\n  contents: read\n\n',
    `jobs:\n${jobs.join('\n')}`,
  ].join('')
  return {
    name: used.map(({ name }) => name).join(' and '),
    because: used.map(({ sign }) => sign).join(', '),
    workflow,
  }
}
