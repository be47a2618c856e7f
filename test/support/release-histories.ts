import { join } from 'node:path'
import {
  conventionalMerges,
  conventionalSquashes,
  grow,
  plain,
  plainSquashes,
  tracked,
} from './grown-history.ts'
import { createHistory, type HistoryStep } from './history.ts'

export interface ReleaseHistory {
  steps: HistoryStep[]
  /** What comes after the first preparation. */
  later: HistoryStep
  /** The version before, of the first preparation, and after `later`. */
  versions: { from: string; first: string; second: string }
  /** Files that must hold the version afterwards, and how they say it. */
  holds: Record<string, string[]>
}

const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`

/** As a JavaScript monorepo in lockstep: merged pull requests, Conventional Commits, Keep a Changelog. */
const npmWorkspaces: ReleaseHistory = {
  steps: [
    ...grow(1, 300, conventionalMerges, [
      'v1.0.0-rc.1',
      'v1.0.0',
      'v1',
      'v1.1.0',
      'latest',
      'v2.0.0-beta.3',
      'v2.0.0',
      'docs-2021.04',
    ]),
    {
      message: 'chore: release 2.3.0',
      tags: ['v2.2.0', 'v2.3.0'],
      files: {
        'package.json': json({
          name: 'lantern-workspace',
          version: '2.3.0',
          private: true,
          workspaces: ['packages/*', '!packages/old'],
        }),
        'packages/core/package.json': json({ name: '@lantern/core', version: '2.3.0' }),
        'packages/cli/package.json': json({
          name: 'lantern',
          version: '2.3.0',
          dependencies: { '@lantern/core': '^2.3.0' },
        }),
        'packages/old/package.json': json({ name: '@lantern/old', version: '2.3.0' }),
        'package-lock.json': json({
          name: 'lantern-workspace',
          version: '2.3.0',
          lockfileVersion: 3,
          requires: true,
          packages: {
            '': {
              name: 'lantern-workspace',
              version: '2.3.0',
              workspaces: ['packages/*', '!packages/old'],
            },
            'node_modules/@lantern/core': { resolved: 'packages/core', link: true },
            'node_modules/lantern': { resolved: 'packages/cli', link: true },
            'packages/cli': {
              name: 'lantern',
              version: '2.3.0',
              dependencies: { '@lantern/core': '^2.3.0' },
            },
            'packages/core': { name: '@lantern/core', version: '2.3.0' },
          },
        }),
        'CHANGELOG.md': `# Changelog

The format is [Keep a Changelog](https://keepachangelog.com/en/1.1.0/).

## [Unreleased]

### Added

- Lamps can be dimmed, by people who wrote this line themselves.

## [2.3.0] - 2023-10-01

### Fixed

- Lamps go out.

[unreleased]: https://example.com/lantern/compare/v2.3.0...HEAD
[2.3.0]: https://example.com/lantern/compare/v2.2.0...v2.3.0
`,
      },
    },
    ...grow(10, 60, conventionalMerges),
    {
      message: 'Merge pull request #41 from ada/dimmer\n\nfeat(core): dim lamps',
      merges: [
        { message: 'feat(core): dim lamps', files: { 'packages/core/dim.js': 'export {}\n' } },
        { message: 'test: dim twice', files: { 'packages/core/dim.test.js': '\n' } },
      ],
    },
    { message: 'fix(cli): say which lamp (#42)', files: { 'packages/cli/main.js': '\n' } },
  ],
  later: { message: 'feat!: lamps are objects now', files: { 'packages/core/lamp.js': '\n' } },
  versions: { from: '2.3.0', first: '2.4.0', second: '3.0.0' },
  holds: {
    'package.json': ['"version": "{version}"'],
    'packages/core/package.json': ['"version": "{version}"'],
    'packages/cli/package.json': ['"version": "{version}"', '"@lantern/core": "^{version}"'],
    'package-lock.json': ['"version": "{version}"', '"@lantern/core": "^{version}"'],
    'CHANGELOG.md': [
      '## [Unreleased]\n\n## [{version}] - ',
      '- Lamps can be dimmed, by people who wrote this line themselves.',
      '[unreleased]: https://example.com/lantern/compare/v{version}...HEAD\n[{version}]: https://example.com/lantern/compare/v2.3.0...v{version}',
    ],
  },
}

/** As a Rust workspace before 1.0.0, with squashed pull requests. */
const cargoWorkspace: ReleaseHistory = {
  steps: [
    ...grow(2, 250, conventionalSquashes, [
      'v0.1.0',
      'v0.5.0',
      'moss-core-v0.6.3',
      'nightly-2022-11-03',
      'v0.7.0',
    ]),
    {
      message: 'chore: Release',
      tags: ['v0.7.1'],
      files: {
        'Cargo.toml': `[workspace]
members = ["crates/*"]
resolver = "2"

[workspace.package]
version = "0.7.1" # of all crates
edition = "2021"

[workspace.dependencies]
moss-core = { path = "crates/moss-core", version = "0.7.1" }
`,
        'crates/moss-core/Cargo.toml': `[package]
name = "moss-core"
version.workspace = true
edition.workspace = true
`,
        'crates/moss-core/src/lib.rs': 'pub fn grow() {}\n',
        'crates/moss/Cargo.toml': `[package]
name = "moss"
version = { workspace = true }
edition = "2021"

[dependencies]
moss-core.workspace = true
`,
        'crates/moss/src/main.rs': 'fn main() {}\n',
        'Cargo.lock': `# This file is automatically @generated by Cargo.
# It is not intended for manual editing.
version = 4

[[package]]
name = "moss"
version = "0.7.1"
dependencies = [
 "moss-core",
]

[[package]]
name = "moss-core"
version = "0.7.1"
`,
      },
    },
    ...grow(20, 40, conventionalSquashes),
    { message: 'fix: grow in the shade (#88)', files: { 'crates/moss-core/src/shade.rs': '\n' } },
    { message: 'docs: how moss grows', files: { 'README.md': '# Moss\n' } },
  ],
  later: {
    message: 'refactor: rename grow\n\nBREAKING CHANGE: grow is called spread',
    files: { 'crates/moss-core/src/lib.rs': 'pub fn spread() {}\n' },
  },
  versions: { from: '0.7.1', first: '0.7.2', second: '0.8.0' },
  holds: {
    'Cargo.toml': [
      'version = "{version}" # of all crates',
      'path = "crates/moss-core", version = "{version}"',
    ],
    'Cargo.lock': [
      'name = "moss"\nversion = "{version}"',
      'name = "moss-core"\nversion = "{version}"',
    ],
    'CHANGELOG.md': ['## {version} ('],
  },
}

/** As a Python library: plain messages, tags without a letter, the version twice. */
const pyproject: ReleaseHistory = {
  steps: [
    ...grow(3, 350, plainSquashes, ['1.0rc1', '1.0.0', '1.1', '1.10.0', 'stable']),
    {
      message: 'Version 1.12.0',
      tags: ['1.11.0', '1.12.0'],
      files: {
        'pyproject.toml': `[build-system]
requires = ["hatchling"]

[project]
name = "paper-boat"
version = '1.12.0'   # keep in step with __init__
dependencies = ["attrs>=23.1.0"]
`,
        'src/paper_boat/__init__.py': '"""Boats."""\n\n__version__ = "1.12.0"\n',
        'CHANGES.rst': '1.12.0\n------\n\n* Floats.\n',
      },
    },
    ...grow(30, 50, plainSquashes),
    { message: 'Fold twice (#7)', files: { 'src/paper_boat/fold.py': '\n' } },
    { message: 'Bump attrs from 23.1.0 to 23.2.0', files: { 'requirements.txt': 'attrs\n' } },
  ],
  later: { message: 'Sail against the wind', files: { 'src/paper_boat/sail.py': '\n' } },
  versions: { from: '1.12.0', first: '1.12.1', second: '1.12.1' },
  holds: {
    'pyproject.toml': ["version = '{version}'   # keep in step with __init__"],
    'src/paper_boat/__init__.py': ['__version__ = "{version}"'],
    'CHANGES.rst': ['1.12.0\n------'],
  },
}

const pom = (inner: string): string => `<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
${inner}</project>
`

/** As a Java build of several modules, between two releases of the release plugin. */
const maven: ReleaseHistory = {
  steps: [
    ...grow(4, 250, tracked, ['harbour-1.0', 'harbour-1.0.1', 'sonar', 'harbour-1.3.0']),
    {
      message: '[maven-release-plugin] prepare for next development iteration',
      tags: ['harbour-1.4.0'],
      files: {
        'pom.xml': pom(`  <groupId>com.example</groupId>
  <artifactId>harbour</artifactId>
  <version>1.5.0-SNAPSHOT</version><!-- the build's -->
  <packaging>pom</packaging>
  <modules>
    <module>quay</module>
    <module>crane</module>
  </modules>
`),
        'quay/pom.xml': pom(`  <parent>
    <groupId>com.example</groupId>
    <artifactId>harbour</artifactId>
    <version>1.5.0-SNAPSHOT</version>
  </parent>
  <artifactId>quay</artifactId>
`),
        'crane/pom.xml': pom(`  <parent>
    <artifactId>harbour</artifactId>
    <groupId>com.example</groupId>
    <version>1.5.0-SNAPSHOT</version>
  </parent>
  <artifactId>crane</artifactId>
  <dependencies>
    <dependency>
      <groupId>org.example</groupId>
      <artifactId>rope</artifactId>
      <version>1.5.0-SNAPSHOT</version>
    </dependency>
  </dependencies>
`),
      },
    },
    ...grow(40, 40, tracked),
    { message: 'HARB-12 Lift heavier boxes', files: { 'crane/Lift.java': 'class Lift {}\n' } },
  ],
  later: { message: 'HARB-13 Ring a bell', files: { 'quay/Bell.java': 'class Bell {}\n' } },
  versions: { from: '1.5.0-SNAPSHOT', first: '1.5.0', second: '1.5.0' },
  holds: {
    'pom.xml': ["<version>{version}</version><!-- the build's -->"],
    'quay/pom.xml': ['<artifactId>harbour</artifactId>\n    <version>{version}</version>'],
    'crane/pom.xml': [
      '<version>{version}</version>\n  </parent>',
      '<version>1.5.0-SNAPSHOT</version>',
    ],
    'CHANGELOG.md': ['- HARB-12 Lift heavier boxes'],
  },
}

/** As a C program: a VERSION file, tags with a word, a history on top of which the newest comes. */
const plainTags: ReleaseHistory = {
  steps: [
    ...grow(5, 300, plain, ['release-0.99', 'RELEASE_2_1', 'release-3.0.0', 'v3-final']),
    {
      message: 'Release 3.9.2',
      tags: ['release-3.9.0', 'release-3.9.2', 'nightly', 'release-3.10.0-rc1'],
      files: {
        VERSION: '3.9.2\n',
        'HISTORY.md': '# History\n\n## v3.9.2 (2023-09-09)\n\n- Quieter.\n',
        'configure.ac': 'AC_INIT([tin], [3.9.2])\n',
        '.github/errand/release.yml':
          'files:\n  - path: configure.ac\n    pattern: "AC_INIT([tin], [{version}])"\n',
      },
    },
    ...grow(50, 40, plain),
    { message: 'Read maildirs', files: { 'maildir.c': '\n' } },
  ],
  later: { message: 'Read mbox again', files: { 'mbox.c': '\n' } },
  versions: { from: '3.9.2', first: '3.10.0', second: '3.10.0' },
  holds: {
    VERSION: ['{version}\n'],
    'configure.ac': ['AC_INIT([tin], [{version}])'],
    'HISTORY.md': ['# History\n\n## v{version} (', '- Read maildirs', '## v3.9.2 (2023-09-09)'],
  },
}

/** As a young project that was never released. */
const noTags: ReleaseHistory = {
  steps: [
    {
      message: 'Initial commit',
      files: {
        'Chart.yaml': '# our chart\nname: kite\nversion: "0.3.0"\nappVersion: 0.3.0\n',
        'README.md': '# Kite\n',
      },
    },
    ...grow(6, 200, plainSquashes),
    { message: 'Fly', files: { 'templates/kite.yaml': 'kind: Kite\n' } },
  ],
  later: { message: 'Fly higher', files: { 'templates/higher.yaml': 'kind: Kite\n' } },
  versions: { from: '0.3.0', first: '0.3.0', second: '0.3.0' },
  holds: {
    'Chart.yaml': ['# our chart', 'version: "{version}"', 'appVersion: {version}'],
    'CHANGELOG.md': ['## {version} (', '- Fly', '- Initial commit'],
  },
}

/** Histories of different kinds, styled after what public repositories of the kind look like. */
export const releaseHistories = {
  'npm workspaces': npmWorkspaces,
  'a Cargo workspace': cargoWorkspace,
  'a pyproject': pyproject,
  'a Maven build': maven,
  'plain tags': plainTags,
  'no tags': noTags,
} as const

/** Makes a bare repository of each kind in a folder, and says where. */
export async function createReleaseHistories(folder: string): Promise<string[]> {
  const made = []
  for (const { steps } of Object.values(releaseHistories)) {
    const source = join(folder, String(made.length))
    await createHistory(source, steps)
    made.push(source)
  }
  return made
}
