import * as fc from 'fast-check'
import { sql } from 'kysely'
import { expect, it } from 'vitest'
import type { AuditLogRow } from '../store/schema.ts'
import { transact } from '../store/transact.ts'
import { describeOnEachStore } from '../testing/stores.ts'
import { appendAudit, type NewAuditEntry } from './append-audit.ts'
import { hashOfEntry, verifyChain } from './chain.ts'
import { listAudit } from './list-audit.ts'

const entry = (overrides: Partial<NewAuditEntry> = {}): NewAuditEntry => ({
  action: 'repo.update_copilot_cloud_agent_configuration',
  actor: { id: 1, login: 'ada' },
  owner: { id: 100, login: 'acme' },
  repository: { id: 10, full_name: 'acme/shop' },
  before: { is_firewall_enabled: true },
  after: { is_firewall_enabled: false },
  ...overrides,
})

/** A log as it is written, without a database. */
function aChain(length: number): AuditLogRow[] {
  const rows: AuditLogRow[] = []
  for (let number = 1; number <= length; number += 1) {
    const row = {
      number,
      timestamp: new Date(1_700_000_000_000 + number),
      action: 'a',
      actor_id: number,
      actor_login: 'ada',
      owner_id: number % 2 === 0 ? null : 100,
      owner_login: 'acme',
      repository_id: null,
      repository_full_name: null,
      data: '{"before":null,"after":null}',
      previous_hash: rows.at(-1)?.hash ?? '',
    }
    rows.push({ ...row, hash: hashOfEntry(row) })
  }
  return rows
}

it('is found to be whole, and which entry is its head', async () => {
  const rows = aChain(5)

  expect(await verifyChain([])).toEqual({ ok: true, head: { number: 0, hash: '' } })
  expect(await verifyChain(rows)).toEqual({ ok: true, head: { number: 5, hash: rows[4]?.hash } })
})

it('shows any change of any field of any entry, and at which', async () => {
  const fields = Object.keys(aChain(1)[0] ?? {}) as (keyof AuditLogRow)[]
  await fc.assert(
    fc.asyncProperty(
      fc.nat(7),
      fc.constantFrom(...fields),
      fc.oneof(fc.string(), fc.integer(), fc.constant(null)),
      async (at, field, value) => {
        const rows = aChain(8)
        const before = rows[at] as AuditLogRow
        const changed = field === 'timestamp' ? new Date(Number(value)) : value
        fc.pre(JSON.stringify(before[field]) !== JSON.stringify(changed))
        rows[at] = { ...before, [field]: changed }

        expect(await verifyChain(rows)).toMatchObject({ ok: false, number: at + 1 })
      },
    ),
  )
})

it('shows an entry taken out, put in or moved; and one whose hash was made anew, at the next', async () => {
  const whole = () => aChain(6)
  const extra = whole()[2] as AuditLogRow
  const forged = { ...extra, actor_login: 'mallory' }
  const rehashed = { ...forged, hash: hashOfEntry(forged) }

  expect(await verifyChain(whole().toSpliced(2, 1))).toMatchObject({ ok: false, number: 3 })
  expect(await verifyChain(whole().toSpliced(3, 0, extra))).toMatchObject({ ok: false, number: 4 })
  expect(await verifyChain(whole().toSorted((a, b) => b.number - a.number))).toMatchObject({
    ok: false,
    number: 1,
  })
  expect(await verifyChain(whole().with(2, rehashed))).toMatchObject({ ok: false, number: 4 })
})

it('shows that its end was cut off, or written anew, against a head that was kept', async () => {
  const rows = aChain(6)
  const kept = { number: 5, hash: rows[4]?.hash ?? '' }
  const last = { ...(rows[4] as AuditLogRow), actor_login: 'mallory' }

  expect(await verifyChain(rows, kept)).toMatchObject({ ok: true })
  expect(await verifyChain(rows.slice(0, 3))).toMatchObject({ ok: true })
  expect(await verifyChain(rows.slice(0, 3), kept)).toMatchObject({ ok: false, number: 4 })
  const anew = [...rows.slice(0, 4), { ...last, hash: hashOfEntry(last) }]
  expect(await verifyChain(anew, kept)).toMatchObject({ ok: false, number: 5 })
})

describeOnEachStore('the audit log', (on) => {
  const append = async (overrides: Partial<NewAuditEntry> = {}) =>
    await transact(on.store, (tx) => appendAudit(on.store, tx, entry(overrides)))
  const all = async () => await listAudit(on.store, { order: 'asc', limit: 1000 })

  it('is one chain, though many write at once', async () => {
    await Promise.all(
      Array.from({ length: 20 }, (_, id) => append({ actor: { id, login: `user-${id}` } })),
    )

    const rows = await all()
    expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: 20 }, (_, at) => at + 1))
    expect(await verifyChain(rows)).toMatchObject({ ok: true, head: { number: 20 } })
  })

  it('has no entry of a change that was rolled back, and no gap', async () => {
    await append()
    const failed = transact(on.store, async (tx) => {
      await appendAudit(on.store, tx, entry())
      throw new Error('no')
    })
    await expect(failed).rejects.toThrow('no')
    await append()

    expect(await verifyChain(await all())).toMatchObject({ ok: true, head: { number: 2 } })
  })

  it('keeps what no database stores as it is, and is whole all the same', async () => {
    await append({ before: 'nul \u0000 and \ud800', after: { __proto__: null, ü: [1.5, null] } })

    expect(await verifyChain(await all())).toMatchObject({ ok: true })
  })

  it('cannot be changed or thinned out', async () => {
    await append()

    for (const statement of [
      sql`update audit_log set actor_login = 'mallory'`,
      sql`delete from audit_log`,
      sql`truncate audit_log`,
    ]) {
      await expect(statement.execute(on.store.db)).rejects.toThrow(/append-only/)
    }
  })

  it('is asked by owner, action, actor, repository and time, in both directions', async () => {
    await append({ actor: { id: 1, login: 'Ada' } })
    on.clock.advance({ minutes: 1 })
    await append({ action: 'org.update_x', owner: { id: 200, login: 'other' } })
    await append({ actor: { id: 2, login: 'grace' } })
    const numbers = async (filter: Partial<Parameters<typeof listAudit>[1]>) =>
      (await listAudit(on.store, { order: 'desc', limit: 10, ...filter })).map((row) => row.number)

    expect(await numbers({})).toEqual([3, 2, 1])
    expect(await numbers({ owner_id: 100 })).toEqual([3, 1])
    expect(await numbers({ actions: ['org.*'] })).toEqual([2])
    expect(await numbers({ actions: ['org%'] })).toEqual([])
    expect(await numbers({ actors: ['aDA'] })).toEqual([2, 1])
    expect(await numbers({ repositories: ['ACME/shop'], actors: ['grace'] })).toEqual([3])
    expect(await numbers({ until: new Date(on.clock.now().getTime() - 1000) })).toEqual([1])
    expect(await numbers({ after: 3, limit: 1 })).toEqual([2])
    expect(await numbers({ before: 1, limit: 1 })).toEqual([2])
    expect(await numbers({ order: 'asc', after: 1 })).toEqual([2, 3])
    expect(await numbers({ order: 'asc', before: 3, limit: 1 })).toEqual([2])
  })
})
