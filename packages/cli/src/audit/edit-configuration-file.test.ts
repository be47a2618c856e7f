import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { editConfigurationFile, shownConfigurationFile } from './edit-configuration-file.ts'
import { lineDiff } from './line-diff.ts'

const tools = {
  codeql: true,
  copilot_code_review: true,
  secret_scanning: true,
  dependency_vulnerability_checks: true,
}

it('only takes out of lists what stands in them, and leaves comments and order', () => {
  const text = '# Ours\ncustom_allowlist:\n  # first\n  - a.example\n  - b.example # second\n'

  const fixed = editConfigurationFile(text, { custom_allowlist: ['a.example', 'org.example'] })

  expect(fixed).toBe('# Ours\ncustom_allowlist:\n  # first\n  - a.example\n')
  expect(lineDiff(text, fixed)).toEqual(['-   - b.example # second'])
})

it('is the same text where what deviates is somebody else’s word', () => {
  const text = 'is_firewall_enabled:   true\n'

  expect(editConfigurationFile(text, { custom_allowlist: [] })).toBe(text)
  expect(editConfigurationFile(text, { mcp_configuration: { mcpServers: {} } })).toBe(text)
})

it.each(['', '# Nothing yet\n'])('sets what nobody said in %j', (text) => {
  const fixed = editConfigurationFile(text, { is_firewall_enabled: true, enabled_tools: tools })

  expect(fixed.startsWith(text)).toBe(true)
  expect(parse(fixed)).toEqual({ is_firewall_enabled: true, enabled_tools: tools })
})

it('refuses what is no map of fields', () => {
  expect(() => editConfigurationFile('[a', {})).toThrow('no YAML')
  expect(() => editConfigurationFile('- a', {})).toThrow('no fields')
})

it('shows nothing of what servers are given, nor a password in a URL', () => {
  const text = `mcp_configuration: # hunter2
  # hunter2
  mcpServers:
    # hunter2
    x: { type: local, command: hunter2, args: [hunter2], env: { A: hunter2 } } # hunter2
custom_allowlist: ['https://ann:hunter2@a.example/']
is_firewall_enabled: true # shown
`
  const shown = shownConfigurationFile(text)

  expect(shown).not.toContain('hunter2')
  expect(shown).toContain('is_firewall_enabled: true # shown')
})

it('a difference is the lines that go and those that come', () => {
  expect(lineDiff('a\nb\nc\nd', 'a\nx\nc\nd\ne')).toEqual(['- b', '+ x', '+ e'])
  expect(lineDiff('a', 'a')).toEqual([])
})
