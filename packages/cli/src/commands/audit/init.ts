import { writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Command } from 'commander'
import { UserError } from '../../errors.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { examples } from '../examples.ts'

export function addInitCommand(audit: Command, terminal: Terminal): void {
  audit
    .command('init')
    .summary('write a policy to begin with')
    .description(
      'Write a policy file to begin with, in which every rule is explained, and beside it its schema, for editors.',
    )
    .argument('[file]', 'where', 'policy.yml')
    .addHelpText('after', examples('errand audit init', 'errand audit init policies/agents.yml'))
    .action((file: string) => init(terminal, file))
}

async function init({ cwd, err }: Terminal, file: string): Promise<void> {
  const { policyJsonSchema, policyTemplate } = await import('@errand/policy')
  try {
    await writeFile(resolve(cwd, file), policyTemplate, { flag: 'wx' })
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'EEXIST')) throw cause
    throw new UserError(`${file} is there already.`, { remedy: 'Give another name.', cause })
  }
  const schema = resolve(cwd, dirname(file), 'policy.schema.json')
  // The policy's first line names it. An older one is of no use to this command's rules.
  await writeFile(schema, `${JSON.stringify(policyJsonSchema(), undefined, 2)}\n`)
  err(
    `Wrote ${file}, and policy.schema.json beside it. Check it with \`errand audit --org ORG --policy ${file}\`.\n`,
  )
}
