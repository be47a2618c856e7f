import { expect, it } from 'vitest'
import { steersAgents } from './steering-paths.ts'

it.each([
  'AGENTS.md',
  'agents.md',
  'packages/web/AGENTS.md',
  'CLAUDE.md',
  'docs/GEMINI.md',
  '.claude',
  '.claude/settings.json',
  'packages/web/.claude/skills/a/SKILL.md',
  '.codex/config.toml',
  '.gemini/settings.json',
  '.opencode/plugin/a.js',
  '.cursor/rules/a.mdc',
  '.mcp.json',
  '.vscode/mcp.json',
  '.github',
  '.github/copilot-instructions.md',
  '.github/instructions/a/b.instructions.md',
  '.github/hooks/guard.json',
  '.github/hooks/scripts/guard.sh',
  '.github/agents/tidy.agent.md',
  '.github/skills/release/SKILL.md',
])('%s steers agents', (path) => {
  expect(steersAgents(path)).toBe(true)
})

it.each([
  'README.md',
  'src/agents.md.ts',
  'docs/agent.md',
  'src/claude/settings.json',
  '.github/workflows/test.yml',
  '.github/CODEOWNERS',
  '.vscode/tasks.json',
  'docs/.github/hooks/guard.json',
  'src/agents/index.ts',
])('%s does not', (path) => {
  expect(steersAgents(path)).toBe(false)
})
