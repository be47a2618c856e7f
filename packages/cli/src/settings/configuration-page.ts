import { listSettingKeys, type SettingKey } from './setting-keys.ts'

/** The command that writes the page anew. */
export const writeCommand =
  'node --conditions=errand-source packages/cli/src/settings/write-configuration-page.ts'

const introduction = `# Configuration

\`\`\`sh
cp errand.example.yml errand.yml    # in the folder \`errand serve\` is started in
\`\`\`

A setting is given as a flag of \`errand serve\` where there is one, else by environment, else in the
settings file \`errand.yml\` (another with \`--config FILE\` or \`ERRAND_CONFIG\`), else it has its default.
A list or a map can be given by environment as a whole, as JSON or YAML. A wrong setting keeps the
server from starting; the message names the file, the line and the key, or the variable. The same file
serves \`errand serve\` and \`errand worker\`.

No setting is needed to start. When neither \`upstreams\` nor \`models\` are configured, models are taken
from the keys that are in the environment, and the log says which:

- \`ANTHROPIC_API_KEY\`: those of Anthropic
- \`OPENAI_API_KEY\`: those of OpenAI
- \`GEMINI_API_KEY\`: those of Google, by its OpenAI-compatible API
- \`OPENAI_BASE_URL\`: those of your own server (Ollama, vLLM), which are \`OPENAI_MODEL\`, or all it lists;
  with \`OPENAI_API_KEY\`, if it wants one

The client commands go by \`ERRAND_URL\` and \`ERRAND_TOKEN\`, or by what \`errand login\` keeps, or by the
server that runs on the same machine. \`NO_COLOR\` is respected; \`ERRAND_DEBUG=1\` shows an error whole.

`

const tableHead = ['key', 'environment', 'default', 'meaning']

/**
 * docs/configuration.md, made from the schema of the settings: every key with its variable, its
 * default, and what it means and accepts.
 */
export function presentConfigurationPage(): string {
  const keys = listSettingKeys()
  const sections = keys.filter((key) => key.path.length === 1 && hasParts(keys, key))
  const top = keys.filter((key) => key.path.length === 1 && !key.isSection)
  return [
    `${introduction}## At the top\n\n${presentTable(top)}`,
    ...sections.map((section) => presentSection(section, partsOf(keys, section))),
  ].join('\n')
}

function presentSection(section: SettingKey, parts: readonly SettingKey[]): string {
  const heading = `## ${section.name}\n\n${section.description}\n\n`
  return `${heading}${presentTable(parts)}`
}

/** With cells of one width, as the formatter of this repository wants them. */
function presentTable(keys: readonly SettingKey[]): string {
  const rows = [tableHead, ...keys.map(presentRow)]
  const widths = tableHead.map((_, index) =>
    Math.max(...rows.map((row) => row[index]?.length ?? 0)),
  )
  const rule = widths.map((width) => '-'.repeat(width))
  return [tableHead, rule, ...rows.slice(1)]
    .map((row) => `| ${row.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join(' | ')} |\n`)
    .join('')
}

function presentRow(key: SettingKey): string[] {
  const environment = key.environmentName === undefined ? '' : `\`${key.environmentName}\``
  const accepts = key.accepts === 'a text' ? '' : `${capitalized(key.accepts)}.`
  const meaning = `${key.description} ${accepts}`.trim().replaceAll('|', '\\|')
  return [`\`${key.name}\``, environment, presentDefault(key), meaning]
}

function presentDefault({ defaultValue, isRequired }: SettingKey): string {
  if (isRequired) return 'required'
  if (defaultValue === undefined) return ''
  return `\`${typeof defaultValue === 'string' ? defaultValue : JSON.stringify(defaultValue)}\``
}

function partsOf(keys: readonly SettingKey[], { path: [first] }: SettingKey): SettingKey[] {
  return keys.filter((key) => key.path.length > 1 && key.path[0] === first && !key.isSection)
}

function hasParts(keys: readonly SettingKey[], section: SettingKey): boolean {
  return partsOf(keys, section).length > 0
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
