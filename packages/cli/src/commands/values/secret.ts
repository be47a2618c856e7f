import type { AgentSecret, PublicKey } from '@errand/contract'
import type { Command } from 'commander'
import { printJson } from '../../terminal/json-output.ts'
import { printableLine } from '../../terminal/printable.ts'
import { formatTable } from '../../terminal/table.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { listAll, placeOf, reachOf } from '../../values/place.ts'
import { readValues } from '../../values/read-values.ts'
import {
  addBelow,
  addDelete,
  addList,
  addSet,
  type ListOptions,
  type SetOptions,
} from './options.ts'

/** Secrets of agents, on Errand and on GitHub. */
export function addSecretCommand(program: Command, terminal: Terminal): void {
  const secret = program
    .command('secret')
    .summary('set, list and delete what agents are given and nobody sees')
    .description("Secrets of a repository's agents, or of an organization's.")
    .helpCommand(false)
  addSet(
    addBelow(
      secret,
      'set',
      'set secrets',
      'errand secret set NPM_TOKEN < token.txt',
      'errand secret set -R acme/shop --env-file .env.agents',
      'errand secret set SENTRY_TOKEN --org acme --repos shop site',
    ),
    (name, options) => set(terminal, name, options),
  )
  addList(addBelow(secret, 'list', 'list secrets', 'errand secret list -R acme/shop'), (options) =>
    list(terminal, options),
  )
  addDelete(
    addBelow(secret, 'delete', 'delete a secret', 'errand secret delete NPM_TOKEN'),
    terminal,
    'secrets',
  )
}

/** Sealed here: neither the way nor a log on it sees a value. */
async function set(
  terminal: Terminal,
  name: string | undefined,
  options: SetOptions,
): Promise<void> {
  const place = await placeOf(terminal, options)
  const { client, signal, root } = place
  const values = await readValues(terminal, name, options, 'secret')
  const reach = await reachOf(place, options)
  const answer = await client.request('GET', `${root}/secrets/public-key`, { signal })
  const { key_id, key } = (await answer.json()) as PublicKey
  // Loaded only here: no other command seals.
  const { sealBox } = await import('@errand/core')
  for (const [one, value] of Object.entries(values)) {
    const body = { encrypted_value: await sealBox(value, key), key_id, ...reach }
    await client.request('PUT', `${root}/secrets/${encodeURIComponent(one)}`, { signal, body })
    terminal.err(`${printableLine(one)} is set.\n`)
  }
}

async function list(terminal: Terminal, options: ListOptions): Promise<void> {
  const secrets = await listAll<AgentSecret & { visibility?: string }>(
    await placeOf(terminal, options),
    'secrets',
  )
  if (options.json) return printJson(terminal, secrets)
  if (secrets.length === 0) return terminal.err('There are no secrets.\n')
  const rows = secrets.map((one) => [
    printableLine(one.name),
    printableLine(one.updated_at),
    printableLine(one.visibility ?? ''),
  ])
  const heading = ['NAME', 'UPDATED', options.org === undefined ? '' : 'VISIBILITY']
  terminal.out(`${formatTable([heading, ...rows], terminal.columns)}\n`)
}
