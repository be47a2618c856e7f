import { createHash } from 'node:crypto'
import { type ActionsOidc, type Caller, ErrandError } from '@errand/contract'
import type { JWTPayload, JWTVerifyGetKey } from 'jose'
import { z } from 'zod'

/**
 * Logs workflows of GitHub Actions in by their OIDC token, which is signed for this server and stored
 * nowhere.
 */
export interface ActionsLogin {
  /**
   * The actor of the workflow, for its repository alone. Undefined for a token that is not good.
   *
   * @throws ErrandError forbidden for one that is good and may not log in
   */
  authenticate(token: string): Promise<Caller | undefined>
}

export type ActionsSettings = ActionsOidc & { audience: string }

/** What is read of the claims. Numbers come as text. */
const Claims = z.object({
  repository: z.string(),
  repository_id: z.coerce.number().int().positive(),
  ref: z.string(),
  event_name: z.string(),
  actor: z.string(),
  actor_id: z.coerce.number().int().positive(),
  exp: z.int(),
})
type Claims = z.infer<typeof Claims>

/** Clocks differ. */
const leewaySeconds = 10
/** GitHub's are good for minutes: one that claims more is not one of these. */
const longestAge = '1 hour'

export function looksLikeJwt(token: string): boolean {
  return /^eyJ[\w-]+\.[\w-]*\.[\w-]*$/.test(token)
}

/**
 * @param actFor a caller in the actor's name, with what this server may itself see of the repository;
 *   undefined where there is no such account
 */
export function createActionsLogin(
  settings: ActionsSettings,
  actFor: (actor: { id: number; repository: string }) => Promise<Caller | undefined>,
): ActionsLogin {
  let keys: Promise<JWTVerifyGetKey> | undefined
  return {
    async authenticate(token) {
      keys ??= openKeys(settings.issuer)
      const payload = await verify(await keys, settings, token)
      if (payload === undefined) return undefined
      const parsed = Claims.safeParse(payload)
      // Signed by the issuer for us, and yet no workflow's.
      if (!parsed.success) return undefined
      requireAdmitted(settings, parsed.data)
      return await callerOf(actFor, token, parsed.data)
    },
  }
}

/** Kept for ten minutes. For a key it does not know it looks again, every half minute at most. */
async function openKeys(issuer: string): Promise<JWTVerifyGetKey> {
  const { createRemoteJWKSet } = await import('jose')
  const url = new URL(`${issuer.replace(/\/+$/, '')}/.well-known/jwks`)
  return createRemoteJWKSet(url, {
    cacheMaxAge: 600_000,
    cooldownDuration: 30_000,
    timeoutDuration: 5000,
  })
}

async function verify(
  keys: JWTVerifyGetKey,
  { issuer, audience }: { issuer: string; audience: string },
  token: string,
): Promise<JWTPayload | undefined> {
  const { errors, jwtVerify } = await import('jose')
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer,
      audience,
      // One algorithm, of one kind of key: nothing else can be taken for it.
      algorithms: ['RS256'],
      requiredClaims: ['exp', 'iat'],
      clockTolerance: leewaySeconds,
      maxTokenAge: longestAge,
    })
    return payload
  } catch (error) {
    if (isOfToken(error, errors)) return undefined
    throw new ErrandError('bad_upstream', {
      message: "The keys of actions_oidc's issuer cannot be had",
      cause: error,
    })
  }
}

/** What is wrong with a token, and not with the way to its issuer's keys. */
function isOfToken(error: unknown, errors: typeof import('jose').errors): boolean {
  return (
    error instanceof errors.JWTClaimValidationFailed ||
    error instanceof errors.JWTExpired ||
    error instanceof errors.JWTInvalid ||
    error instanceof errors.JWSInvalid ||
    error instanceof errors.JWSSignatureVerificationFailed ||
    error instanceof errors.JOSEAlgNotAllowed ||
    error instanceof errors.JOSENotSupported ||
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys
  )
}

/** @throws ErrandError forbidden */
function requireAdmitted({ refs, events }: ActionsOidc, { ref, event_name: event }: Claims): void {
  const isAdmitted = refs.some((one) =>
    one.endsWith('*') ? ref.startsWith(one.slice(0, -1)) : ref === one,
  )
  if (!isAdmitted) throw notAdmitted(`of the ref ${ref.slice(0, 200)}`, 'actions_oidc.refs')
  if (!events.includes(event)) {
    throw notAdmitted(`begun by the event ${event.slice(0, 100)}`, 'actions_oidc.events')
  }
}

function notAdmitted(which: string, setting: string): ErrandError {
  return new ErrandError('forbidden', {
    message: `Workflows ${which} may not log in to this server (${setting})`,
  })
}

async function callerOf(
  actFor: Parameters<typeof createActionsLogin>[1],
  token: string,
  claims: Claims,
): Promise<Caller | undefined> {
  const caller = await actFor({ id: claims.actor_id, repository: claims.repository })
  if (caller === undefined) return undefined
  return {
    ...caller,
    token: {
      ...caller.token,
      hash: createHash('sha256').update(token).digest('hex'),
      expires_at: new Date(claims.exp * 1000).toISOString(),
    },
    // By id: the name in the token may be another repository's by now.
    onlyRepositoryId: claims.repository_id,
  }
}
