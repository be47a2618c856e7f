import { lintSource } from '@secretlint/core'
import { rules } from '@secretlint/secretlint-rule-preset-recommend'

import type { FoundSecret, SecretsTask } from './tasks.ts'

/** Some rules are slower than their text is long: what is looked at at once is kept short. */
const windowBytes = 64 * 1024
/** Longer than any key that a rule knows, so that each is whole in one of the windows. */
const overlapBytes = 16 * 1024
/** Of one file: who finds more knows enough. */
const mostFound = 100

/** The preset but for the rule that obeys comments: those are written by whom we do not believe. */
const registered = rules
  .filter(({ meta }) => !meta.id.endsWith('-filter-comments'))
  .map((rule) => ({ id: rule.meta.id.replace('@secretlint/secretlint-rule-', ''), rule }))

/**
 * All that looks like a secret in a file, whatever its encoding: where there are zero bytes they are left
 * out as well, which makes ASCII of UTF-16 and of UTF-32.
 */
export async function findSecrets({ name, bytes }: SecretsTask): Promise<FoundSecret[]> {
  const found = new Map<string, FoundSecret>()
  for (const view of bytes.includes(0) ? [bytes, bytes.filter((byte) => byte !== 0)] : [bytes]) {
    for (const secret of await findInView(name, view)) {
      found.set(`${secret.rule} ${secret.line} ${secret.value}`, secret)
      if (found.size >= mostFound) return [...found.values()]
    }
  }
  return [...found.values()]
}

async function findInView(name: string, bytes: Uint8Array): Promise<FoundSecret[]> {
  const found: FoundSecret[] = []
  let linesBefore = 0
  for (let start = 0; ; start += windowBytes - overlapBytes) {
    const window = bytes.subarray(start, start + windowBytes)
    for (const secret of await findInText(name, new TextDecoder().decode(window))) {
      found.push({ ...secret, line: secret.line + linesBefore })
    }
    if (start + windowBytes >= bytes.length || found.length >= mostFound) return found
    linesBefore += countLines(bytes.subarray(start, start + windowBytes - overlapBytes))
  }
}

function countLines(bytes: Uint8Array): number {
  let lines = 0
  for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) lines += 1
  return lines
}

async function findInText(name: string, content: string): Promise<FoundSecret[]> {
  const { messages } = await lintSource({
    source: { content, contentType: 'text', ...pretend(name) },
    options: { locale: 'en', maskSecrets: true, config: { rules: registered } },
  })
  return messages.map(({ ruleId, message, range, loc }) => ({
    rule: ruleId,
    // What follows is the secret, in stars.
    message: message.split(/[:(]/)[0]?.trim() ?? 'found a secret',
    line: loc.start.line,
    value: content.slice(...range),
  }))
}

/** Names that rules look for. */
const known = ['.npmrc', 'package.json', 'package-lock.json']

/** A rule may open the path it is given: it is given none of the agent's, and none that there is. */
function pretend(name: string): { filePath: string; ext: string } {
  const like = known.find((one) => name === one) ?? (name.endsWith('.json') ? 'file.json' : 'file')
  return { filePath: `/nonexistent/errand/${like}`, ext: like.endsWith('.json') ? '.json' : '' }
}
