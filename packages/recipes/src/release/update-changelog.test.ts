import { expect, it } from 'vitest'
import { updateChangelog } from './update-changelog.ts'

const section = {
  version: '1.1.0',
  tag: 'v1.1.0',
  date: '2026-01-31',
  notes: '- new',
  keepNotes: '### Added\n\n- new',
  compareUrl: 'https://x/compare/v1.0.0...v1.1.0',
}

it.each([
  ['none', undefined, '# Changelog\n\n## 1.1.0 (2026-01-31)\n\n- new\n'],
  [
    'a title and words',
    '# Log\n\nAll of it.\n',
    '# Log\n\nAll of it.\n\n## 1.1.0 (2026-01-31)\n\n- new\n',
  ],
  ['no title', '## 1.0.0\n\n- old\n', '## 1.1.0\n\n- new\n\n## 1.0.0\n\n- old\n'],
  [
    'linked headings',
    '# Log\n\n# [1.0.0](https://x) (2025-01-01)\n',
    '# Log\n\n# [1.1.0](https://x/compare/v1.0.0...v1.1.0) (2026-01-31)\n\n- new\n\n# [1.0.0](https://x) (2025-01-01)\n',
  ],
  [
    'dashed dates and a v',
    '## v1.0.0 - 2025-01-01\n',
    '## v1.1.0 - 2026-01-31\n\n- new\n\n## v1.0.0 - 2025-01-01\n',
  ],
  [
    'line ends of Windows',
    '# Log\r\n\r\n## 1.0.0\r\n',
    '# Log\r\n\r\n## 1.1.0\r\n\r\n- new\r\n\r\n## 1.0.0\r\n',
  ],
  [
    'a heading in a block of code',
    '# Log\n\n```\n## 9.9.9\n```\n\n## 1.0.0\n',
    '# Log\n\n```\n## 9.9.9\n```\n\n## 1.1.0\n\n- new\n\n## 1.0.0\n',
  ],
  [
    'an empty Unreleased with the titles of a template',
    '# Log\n\n## [Unreleased]\n\n### Added\n\n### Fixed\n\n## [1.0.0] - 2025-01-01\n\n[Unreleased]: https://x/compare/v1.0.0...HEAD\n',
    '# Log\n\n## [Unreleased]\n\n## [1.1.0] - 2026-01-31\n\n### Added\n\n- new\n\n## [1.0.0] - 2025-01-01\n\n[Unreleased]: https://x/compare/v1.1.0...HEAD\n[1.1.0]: https://x/compare/v1.0.0...v1.1.0\n',
  ],
  [
    'an Unreleased that people wrote, without links',
    '## Unreleased\n\n- theirs\n\n## 1.0.0 - 2025-01-01\n',
    '## Unreleased\n\n## 1.1.0 - 2026-01-31\n\n- theirs\n\n## 1.0.0 - 2025-01-01\n',
  ],
])('a changelog with %s gets the section in its own form', (_, before, after) => {
  expect(updateChangelog(before, section)).toBe(after)
})
