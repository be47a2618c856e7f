import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { createValue, placeOfValue, putValue } from '../secrets/agent-values.ts'
import { openSecret, publicKeyOf } from '../secrets/sealed-box-key.ts'
import { sealBox } from '../secrets/sealed-box.ts'
import { valuesOfSession } from '../secrets/values-of-session.ts'
import { describeOnEachStore } from '../testing/stores.ts'
import { createWebhook, placeOfSecret } from '../webhooks/webhooks.ts'
import { createEncryption, keyBytes, SealBroken } from './encryption.ts'
import { reseal } from './reseal.ts'

const ada = { id: 1, login: 'ada' }
const owner = { id: 5, login: 'acme' }
const repository = { id: 10, full_name: 'acme/shop' }
const ofRepository = { type: 'repository', id: 10, owner, repository } as const
const secrets = { ...ofRepository, kind: 'secret' } as const
const ofOrganization = { type: 'organization', id: 5, owner } as const
const seen = { id: 10, private: true, owner }

describeOnEachStore('what is secret', (on) => {
  it('is sealed with the new key, all of it, and opens with the old one no more', async () => {
    const [oldKey, newKey] = [randomBytes(keyBytes), randomBytes(keyBytes)]
    const old = createEncryption([oldKey])
    const seal = (text: string) => (about: string) => old.seal(text, about)
    for (let at = 0; at < 250; at += 1) {
      // More than are sealed at a time.
      const target = { ...secrets, id: 100 + at }
      await putValue(on.store, target, 'A', { value: seal(`value ${at}`) }, ada)
    }
    const hook = { url: 'https://x.example', content_type: 'json', events: ['*'] } as const
    const made = await createWebhook(
      on.store,
      ofRepository,
      { ...hook, events: ['*'], insecure_ssl: false, active: true, secret: seal('of a hook') },
      ada,
      () => ({}),
    )
    const before = await publicKeyOf(on.store, old)

    const count = await reseal(on.store, createEncryption([newKey, oldKey]))
    const again = await reseal(on.store, createEncryption([newKey, oldKey]))

    const fresh = createEncryption([newKey])
    expect([count, again]).toEqual([251, 0])
    const rows = await on.store.db.selectFrom('agent_values').selectAll().execute()
    expect(
      rows.map((row) => fresh.open(row.value, placeOfValue(row, row.name))).toSorted(),
    ).toEqual(Array.from({ length: 250 }, (_, at) => `value ${at}`).toSorted())
    const { secret } = await on.store.db
      .selectFrom('webhooks')
      .selectAll()
      .executeTakeFirstOrThrow()
    expect(fresh.open(secret ?? '', placeOfSecret(made.seal_id))).toBe('of a hook')
    expect(() => old.open(secret ?? '', placeOfSecret(made.seal_id))).toThrow(SealBroken)
    const after = await publicKeyOf(on.store, fresh)
    expect(after.key_id).not.toBe(before.key_id)
    const box = { key_id: before.key_id, encrypted_value: await sealBox('x', before.key) }
    await expect(openSecret(on.store, fresh, box)).rejects.toMatchObject({ status: 422 })
  })

  it('stays as it is where no key opens it', async () => {
    const [old, other] = [createEncryption([randomBytes(keyBytes)]), randomBytes(keyBytes)]
    await putValue(on.store, secrets, 'A', { value: (about) => old.seal('v', about) }, ada)

    await publicKeyOf(on.store, old)
    const stranger = createEncryption([other])

    await expect(reseal(on.store, stranger)).rejects.toThrow('does not have')
    await expect(publicKeyOf(on.store, stranger)).rejects.toMatchObject({ status: 503 })
    expect((await valuesOfSession(on.store, old, seen)).environment).toEqual({ A: 'v' })
  })

  it('is given to a session: the repository’s before the organization’s, MCP’s apart', async () => {
    const encryption = createEncryption([randomBytes(keyBytes)])
    const sealed = (text: string) => ({ value: (about: string) => encryption.seal(text, about) })
    const plain = (text: string) => ({ value: () => text })
    const variables = { ...ofRepository, kind: 'variable' } as const
    const orgSecrets = { ...ofOrganization, kind: 'secret' } as const
    const orgVariables = { ...ofOrganization, kind: 'variable' } as const
    await putValue(on.store, secrets, 'BOTH', sealed('of the repository'), ada)
    await putValue(on.store, orgSecrets, 'BOTH', { ...sealed('hidden'), visibility: 'all' }, ada)
    await putValue(
      on.store,
      orgSecrets,
      'COPILOT_MCP_T',
      { ...sealed('m'), visibility: 'all' },
      ada,
    )
    const selected = { visibility: 'selected', selected: [11] } as const
    await putValue(on.store, orgSecrets, 'OTHERS', { ...sealed('o'), ...selected }, ada)
    await createValue(on.store, variables, 'MODE', plain('fast'), ada)
    await createValue(on.store, variables, 'BOTH', plain('a variable'), ada)
    await createValue(on.store, orgVariables, 'P', { ...plain('p'), visibility: 'private' }, ada)

    const values = await valuesOfSession(on.store, encryption, seen)
    const open = await valuesOfSession(on.store, encryption, { ...seen, id: 11, private: false })

    expect(values.environment).toEqual({ BOTH: 'of the repository', MODE: 'fast', P: 'p' })
    expect(values.mcp).toEqual({ COPILOT_MCP_T: 'm' })
    expect(values.secrets.toSorted()).toEqual(['m', 'of the repository'])
    expect(open.environment).toEqual({ BOTH: 'hidden', OTHERS: 'o' })
  })
})
