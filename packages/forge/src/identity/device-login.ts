import { createHash, randomBytes, randomInt } from 'node:crypto'
import {
  type Caller,
  type DeviceAnswer,
  type DeviceLogin,
  errandClientId,
  ErrandError,
  type NewDeviceCode,
} from '@errand/contract'
import type { ForgeContext } from '../context.ts'
import type { Account, DeviceCode, DeviceGrant, Records } from '../records/records.ts'
import { isExpired } from './expired-tokens.ts'
import { requireGrant } from './grants.ts'
import { knownScopes } from './scopes.ts'
import { issueToken } from './tokens.ts'

/** Who may ask. The id of a device's program is no secret: anybody may come with it. */
const clients: Readonly<Record<string, string>> = { [errandClientId]: 'Errand’s command line' }

/** As GitHub has them, in seconds. */
const lifetimeS = 900
const intervalS = 5
/** A poll may be this much early: the network is not always equally slow. */
const earlyMs = 1000

/** Anybody may begin: what waits must not fill the disk. */
const mostWaiting = 1000

/** Without vowels, so that no code is a word, and without digits (RFC 8628, 6.1): 34 bits. */
const letters = 'BCDFGHJKLMNPQRSTVWXZ'

/**
 * The forge's side of signing in a device. Codes are on the disk, as hashes, so that a restart between the
 * device's wish and its answer changes nothing.
 */
export function createDeviceLogin(context: ForgeContext): DeviceLogin {
  const { records } = context
  /** When a device last asked, and how long it is to wait: forgotten by a restart, which harms nobody. */
  const polls = new Map<string, { lastMs: number; intervalS: number }>()
  const taken = new Set<string>()

  function findWaiting(userCode: string): DeviceCode | undefined {
    const hash = hashOf(normalized(userCode))
    return records.deviceCodes
      .values()
      .find((code) => code.user_code_hash === hash && !isExpired(code) && !code.decision)
  }

  return {
    async begin({ clientId, scopes, address }) {
      if (!Object.hasOwn(clients, clientId)) return undefined
      if (records.deviceCodes.values().length >= mostWaiting) await sweepDeviceCodes(records, 0)
      if (records.deviceCodes.values().length >= mostWaiting) {
        throw new ErrandError('secondary_rate_limited', { headers: { 'retry-after': '60' } })
      }
      return await storeCode(records, { clientId, scopes, address })
    },

    find(userCode) {
      const found = findWaiting(userCode)
      if (found === undefined) return undefined
      const { client_id: clientId, scopes, address, created_at } = found
      return { client: clients[clientId] ?? clientId, scopes, address, created_at }
    },

    async decide(userCode, caller, isAllowed) {
      const found = findWaiting(userCode)
      const user = records.accounts.get(String(caller.user.id))
      if (found === undefined || user === undefined) throw new ErrandError('not_found')
      const decision = isAllowed
        ? { is_allowed: true as const, grant: grantOf(records, caller, user, found) }
        : { is_allowed: false as const }
      await records.deviceCodes.update(found.hash, (code) => {
        // Somebody else was faster: the first word counts.
        if (code.decision !== undefined) throw new ErrandError('not_found')
        return { ...code, decision }
      })
      const fields = { client: found.client_id, userId: user.id, isAllowed }
      context.log.info(fields, 'a device was let in, or not')
    },

    async poll(deviceCode, clientId) {
      if (!Object.hasOwn(clients, clientId)) return { error: 'incorrect_client_credentials' }
      const hash = hashOf(deviceCode)
      const code = records.deviceCodes.get(hash)
      if (code === undefined || code.client_id !== clientId || taken.has(hash)) {
        return { error: 'incorrect_device_code' }
      }
      if (isExpired(code)) return { error: 'expired_token' }
      const early = pollTooEarly(polls, hash)
      if (early !== undefined) return early
      if (code.decision === undefined) return { error: 'authorization_pending' }
      // Taken before anything is awaited, and gone from the disk before the token is made: should the
      // process die in between the device has to ask anew, and no code gives two tokens.
      taken.add(hash)
      polls.delete(hash)
      await records.deviceCodes.delete(hash)
      taken.delete(hash)
      if (!code.decision.is_allowed) return { error: 'access_denied' }
      return await giveToken(context, code, code.decision.grant)
    },
  }
}

/** Removes the codes that have been over for a while: until then a device is told that they are. */
export async function sweepDeviceCodes(
  records: Records,
  afterMs: number = lifetimeS * 1000,
): Promise<void> {
  for (const code of records.deviceCodes.values()) {
    if (isExpired(code, Date.now() - afterMs)) await records.deviceCodes.delete(code.hash)
  }
}

async function storeCode(
  records: Records,
  asked: { clientId: string; scopes: readonly string[]; address: string },
): Promise<NewDeviceCode> {
  const deviceCode = randomBytes(20).toString('hex')
  const userCode = Array.from({ length: 8 }, () => letters[randomInt(letters.length)]).join('')
  const now = Date.now()
  await records.deviceCodes.put(hashOf(deviceCode), {
    hash: hashOf(deviceCode),
    user_code_hash: hashOf(userCode),
    client_id: asked.clientId,
    // GitHub leaves out what it does not know, too.
    scopes: [...new Set(asked.scopes)].filter((scope) => knownScopes.includes(scope)),
    address: asked.address,
    created_at: new Date(now).toISOString(),
    expires_at: new Date(now + lifetimeS * 1000).toISOString(),
  })
  return {
    device_code: deviceCode,
    user_code: `${userCode.slice(0, 4)}-${userCode.slice(4)}`,
    expires_in: lifetimeS,
    interval: intervalS,
  }
}

/** A device gets no more than the token could make by which its person is signed in. */
function grantOf(
  records: Records,
  caller: Caller,
  user: Account,
  { scopes }: DeviceCode,
): DeviceGrant {
  const grant = requireGrant(records, caller, user, { kind: 'oauth', scopes })
  return {
    user_id: user.id,
    scopes,
    ...(grant.repository_ids === undefined ? {} : { repository_ids: grant.repository_ids }),
    ...(grant.expires_at === undefined ? {} : { expires_at: grant.expires_at }),
  }
}

async function giveToken(
  { records }: ForgeContext,
  code: DeviceCode,
  { user_id: id, ...grant }: DeviceGrant,
): Promise<DeviceAnswer> {
  const { secret } = await issueToken(records, {
    user: { id },
    kind: 'oauth',
    name: `${clients[code.client_id] ?? code.client_id}, from ${code.address}`,
    ...grant,
  })
  return { access_token: secret, token_type: 'bearer', scope: grant.scopes.join(',') }
}

/** Whoever asks too soon has to wait five seconds longer between any two polls (RFC 8628, 3.5). */
function pollTooEarly(
  polls: Map<string, { lastMs: number; intervalS: number }>,
  hash: string,
): DeviceAnswer | undefined {
  const now = performance.now()
  const known = polls.get(hash)
  if (polls.size > 2 * mostWaiting) polls.clear()
  const isEarly = known !== undefined && now - known.lastMs < known.intervalS * 1000 - earlyMs
  const interval = (known?.intervalS ?? intervalS) + (isEarly ? 5 : 0)
  polls.set(hash, { lastMs: now, intervalS: interval })
  return isEarly ? { error: 'slow_down', interval } : undefined
}

/** As a person types it: in any case, with or without the dash. */
function normalized(userCode: string): string {
  return userCode.toUpperCase().replace(/[\s-]/g, '')
}

function hashOf(code: string): string {
  return createHash('sha256').update(code).digest('hex')
}
