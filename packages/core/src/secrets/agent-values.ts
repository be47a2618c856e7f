import { ErrandError, invalidField, type Visibility } from '@errand/contract'
import { sql } from 'kysely'
import { appendAudit } from '../audit-log/append-audit.ts'
import type { AgentValueRow } from '../store/schema.ts'
import { now, type Store, type Tx } from '../store/store.ts'
import { patiently, transact } from '../store/transact.ts'

export type ValueKind = 'secret' | 'variable'

/** Whose secrets, or variables, are meant. */
export interface ValueTarget {
  kind: ValueKind
  type: 'repository' | 'organization'
  id: number
  owner: { id: number; login: string }
  /** Of a repository. */
  repository?: { id: number; full_name: string }
}

/** What is said of a secret or a variable. */
export interface ValueFields {
  /** What is to be stored: told the place it is for, that a secret is sealed for. */
  value: (about: string) => string
  /** Of an organization's. */
  visibility?: Visibility
  /** Left out, those selected before stay so. */
  selected?: readonly number[]
}

export interface Actor {
  id: number
  login: string
}

/** Any number: who changes values waits for who does already, and sees what they did. */
const valuesLock = 4_172_020

/** As GitHub has it for secrets and variables of every kind. */
const mostValues = {
  secret: { repository: 100, organization: 1000 },
  variable: { repository: 500, organization: 1000 },
}

/** What a sealed secret is bound to: moved to another row it does not open. */
export function placeOfValue(
  { target_type, target_id }: Pick<AgentValueRow, 'target_type' | 'target_id'>,
  name: string,
): string {
  return `agent-secrets/${target_type}/${target_id}/${name}`
}

/** One page of a target's, by name, and how many there are. */
export async function listValues(
  store: Store,
  target: ValueTarget,
  page: { page: number; per_page: number },
): Promise<{ total: number; rows: AgentValueRow[] }> {
  return await patiently(async () => {
    const rows = await selectOf(store.db, target)
      .selectAll()
      .orderBy('name')
      .limit(page.per_page)
      .offset((page.page - 1) * page.per_page)
      .execute()
    const { total } = await selectOf(store.db, target)
      .select(({ fn }) => fn.countAll<number>().as('total'))
      .executeTakeFirstOrThrow()
    return { total, rows }
  })
}

/** Undefined where there is none of this name, in whatever case. */
export async function findValue(
  store: Store,
  target: ValueTarget,
  name: string,
): Promise<AgentValueRow | undefined> {
  return await patiently(() => selectNamed(store.db, target, name).executeTakeFirst())
}

/**
 * Stores a value under a name, be there one already or not, and writes down who did.
 *
 * @returns whether there was none
 * @throws ErrandError validation_failed when the target has as many as it may
 */
export async function putValue(
  store: Store,
  target: ValueTarget,
  name: string,
  fields: ValueFields,
  actor: Actor,
): Promise<boolean> {
  return await transact(store, async (tx) => {
    await lock(tx)
    const before = await selectNamed(tx, target, name).executeTakeFirst()
    if (before === undefined) await insert(store, tx, target, name, fields, actor)
    else await change(store, tx, target, before, fields, actor)
    return before === undefined
  })
}

/** The same of a name that is new. @throws ErrandError conflict where it is not */
export async function createValue(
  store: Store,
  target: ValueTarget,
  name: string,
  fields: ValueFields,
  actor: Actor,
): Promise<void> {
  await transact(store, async (tx) => {
    await lock(tx)
    await requireNew(tx, target, name)
    await insert(store, tx, target, name, fields, actor)
  })
}

/**
 * Changes a value, and writes down who did. What is left out stays.
 *
 * @throws ErrandError not_found; conflict where there is another one of the new name
 */
export async function updateValue(
  store: Store,
  target: ValueTarget,
  name: string,
  fields: Partial<ValueFields> & { name?: string },
  actor: Actor,
): Promise<void> {
  await transact(store, async (tx) => {
    await lock(tx)
    const before = await requireValue(tx, target, name)
    if (fields.name !== undefined && fields.name !== before.name) {
      await requireNew(tx, target, fields.name)
    }
    await change(store, tx, target, before, fields, actor)
  })
}

/** Deletes a value, and writes down who did. Whether it was there. */
export async function deleteValue(
  store: Store,
  target: ValueTarget,
  name: string,
  actor: Actor,
): Promise<boolean> {
  return await transact(store, async (tx) => {
    await lock(tx)
    const row = await selectNamed(tx, target, name).executeTakeFirst()
    if (row === undefined) return false
    const before = await shownOf(tx, row)
    await tx.deleteFrom('agent_values').where('id', '=', row.id).execute()
    await audit(store, tx, { verb: 'remove', target, actor, before })
    return true
  })
}

/** Repositories that an organization's value is for, by id. @throws ErrandError not_found; conflict */
export async function listSelectedOf(
  store: Store,
  target: ValueTarget,
  name: string,
): Promise<number[]> {
  return await patiently(async () => {
    const row = await requireValue(store.db, target, name)
    requireSelected(row)
    return await selectedOf(store.db, row.id)
  })
}

/**
 * Changes the repositories that an organization's value is for, all at once.
 *
 * @throws ErrandError not_found; conflict where it is not for selected ones
 */
export async function changeSelectedOf(
  store: Store,
  target: ValueTarget,
  name: string,
  actor: Actor,
  select: (selected: number[]) => readonly number[],
): Promise<void> {
  await transact(store, async (tx) => {
    await lock(tx)
    const row = await requireValue(tx, target, name)
    requireSelected(row)
    await change(store, tx, target, row, { selected: select(await selectedOf(tx, row.id)) }, actor)
  })
}

async function insert(
  store: Store,
  tx: Tx,
  target: ValueTarget,
  name: string,
  { value, visibility, selected = [] }: ValueFields,
  actor: Actor,
): Promise<void> {
  const { total } = await selectOf(tx, target)
    .select(({ fn }) => fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow()
  const most = mostValues[target.kind][target.type]
  if (total >= most) {
    const message = `there are ${most} ${target.kind}s already, the most there may be; delete one first`
    throw invalidField('name', message, resourceOf(target))
  }
  const key = { target_type: target.type, target_id: target.id }
  const row = await tx
    .insertInto('agent_values')
    .values({
      ...key,
      kind: target.kind,
      name,
      value: value(placeOfValue(key, name)),
      visibility: visibility ?? null,
      created_at: now(store),
      updated_at: now(store),
    })
    .returningAll()
    .executeTakeFirstOrThrow()
  await select(tx, row, selected)
  await audit(store, tx, { verb: 'create', target, actor, after: await shownOf(tx, row) })
}

async function change(
  store: Store,
  tx: Tx,
  target: ValueTarget,
  row: AgentValueRow,
  { name = row.name, value, visibility, selected }: Partial<ValueFields> & { name?: string },
  actor: Actor,
): Promise<void> {
  const before = await shownOf(tx, row)
  const after = await tx
    .updateTable('agent_values')
    .set({
      name,
      ...(value === undefined ? {} : { value: value(placeOfValue(row, name)) }),
      ...(visibility === undefined ? {} : { visibility }),
      updated_at: now(store),
    })
    .where('id', '=', row.id)
    .returningAll()
    .executeTakeFirstOrThrow()
  const isSelected = after.visibility === 'selected'
  if (!isSelected || selected !== undefined) await select(tx, after, selected ?? [])
  await audit(store, tx, {
    verb: 'update',
    target,
    actor,
    before,
    after: await shownOf(tx, after),
  })
}

/** Those that are meant where these are selected, else none. */
async function select(tx: Tx, { id, visibility }: AgentValueRow, ids: readonly number[]) {
  if (visibility !== 'selected' && ids.length > 0) {
    const message = 'selected_repository_ids is only for the visibility selected'
    throw invalidField('selected_repository_ids', message, 'Organization')
  }
  await tx.deleteFrom('agent_value_repositories').where('value_id', '=', id).execute()
  const rows = [...new Set(ids)].map((one) => ({ value_id: id, repository_id: one }))
  if (rows.length > 0) await tx.insertInto('agent_value_repositories').values(rows).execute()
}

async function selectedOf(db: Store['db'], id: number): Promise<number[]> {
  const rows = await db
    .selectFrom('agent_value_repositories')
    .select('repository_id')
    .where('value_id', '=', id)
    .orderBy('repository_id')
    .execute()
  return rows.map((row) => row.repository_id)
}

async function requireValue(
  db: Store['db'],
  target: ValueTarget,
  name: string,
): Promise<AgentValueRow> {
  const row = await selectNamed(db, target, name).executeTakeFirst()
  if (row === undefined) throw new ErrandError('not_found')
  return row
}

async function requireNew(tx: Tx, target: ValueTarget, name: string): Promise<void> {
  if ((await selectNamed(tx, target, name).executeTakeFirst()) === undefined) return
  const resource = resourceOf(target)
  throw new ErrandError('conflict', { message: `Already exists - ${resource} already exists` })
}

function requireSelected({ visibility }: AgentValueRow): void {
  if (visibility === 'selected') return
  const message = `Its visibility is ${visibility}: repositories are selected only where it is selected`
  throw new ErrandError('conflict', { message })
}

async function lock(tx: Tx): Promise<void> {
  await sql`select pg_advisory_xact_lock(${valuesLock})`.execute(tx)
}

function selectOf(db: Store['db'], { kind, type, id }: ValueTarget) {
  return db
    .selectFrom('agent_values')
    .where('kind', '=', kind)
    .where('target_type', '=', type)
    .where('target_id', '=', id)
}

function selectNamed(db: Store['db'], target: ValueTarget, name: string) {
  return selectOf(db, target).selectAll().where('name', '=', name.toUpperCase())
}

function resourceOf({ kind }: ValueTarget): string {
  return kind === 'secret' ? 'Secret' : 'Variable'
}

/** Of a value nothing is written down but whose it is. */
async function shownOf(tx: Tx, { id, name, visibility }: AgentValueRow): Promise<object> {
  if (visibility === null) return { name }
  if (visibility !== 'selected') return { name, visibility }
  return { name, visibility, selected_repository_ids: await selectedOf(tx, id) }
}

async function audit(
  store: Store,
  tx: Tx,
  entry: {
    verb: 'create' | 'update' | 'remove'
    target: ValueTarget
    actor: Actor
    before?: object
    after?: object
  },
): Promise<void> {
  const { verb, target, actor, before, after } = entry
  await appendAudit(store, tx, {
    // As GitHub names those of Actions: `org.update_actions_secret`.
    action: `${target.type === 'repository' ? 'repo' : 'org'}.${verb}_agents_${target.kind}`,
    actor,
    owner: target.owner,
    ...(target.repository === undefined ? {} : { repository: target.repository }),
    before,
    after,
  })
}
