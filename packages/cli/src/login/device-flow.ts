import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { webUrlOf } from '../client/web-url.ts'
import { UserError } from '../errors.ts'
import { printableLine } from '../terminal/printable.ts'
import type { Terminal } from '../terminal/terminal.ts'

/** As GitHub answers; of what is not sent RFC 8628 says what holds. */
const Code = z.object({
  device_code: z.string().min(1),
  user_code: z.string().min(1),
  verification_uri: z.url({ protocol: /^https?$/ }),
  expires_in: z.number().positive(),
  interval: z.number().min(0).default(5),
})
const Answer = z.object({
  access_token: z.string().min(1).optional(),
  error: z.string().optional(),
  interval: z.number().positive().optional(),
})

const grantType = 'urn:ietf:params:oauth:grant-type:device_code'

/** A server whose forge is elsewhere says where, by the address of its API. */
const Elsewhere = z.object({ forge: z.url({ protocol: /^https?$/ }) })

/** How it went: a token, or where to ask for one, or neither where the client is not known. */
export type DeviceSignIn = { token: string } | { forge: string } | undefined

/** The server, and as whom it is asked. */
export interface Device {
  apiUrl: string
  clientId: string
  scopes: readonly string[]
}

/**
 * Signs in without a token at hand (RFC 8628, as GitHub has it): shows a code, and waits until it is
 * entered on a page where the user is signed in.
 *
 * @throws UserError when it is refused, or not entered in time.
 */
export async function signInDevice(
  terminal: Terminal,
  { apiUrl, clientId, scopes }: Device,
): Promise<DeviceSignIn> {
  const web = webUrlOf(apiUrl)
  const { signal } = terminal
  const begun = await post(`${web}/login/device/code`, {
    fields: { client_id: clientId, scope: scopes.join(' ') },
    signal,
  })
  if (begun.status === 404) return Elsewhere.safeParse(parseJson(begun.text)).data
  const code = readAnswer(Code, begun, web)
  terminal.err(
    `Open ${printableLine(code.verification_uri)} and enter the code ${printableLine(code.user_code)}.\n`,
  )
  const fields = { client_id: clientId, device_code: code.device_code, grant_type: grantType }
  return { token: await untilDecided(web, { fields, signal }, code) }
}

async function untilDecided(
  web: string,
  request: Sent,
  code: z.infer<typeof Code>,
): Promise<string> {
  const overAt = performance.now() + code.expires_in * 1000
  for (let { interval } = code; performance.now() < overAt;) {
    await delay(interval * 1000, undefined, { signal: request.signal })
    const polled = await post(`${web}/login/oauth/access_token`, request)
    const answer = readAnswer(Answer, polled, web)
    if (answer.access_token !== undefined) return answer.access_token
    if (answer.error === 'slow_down') interval = answer.interval ?? interval + 5
    else if (answer.error !== 'authorization_pending') throw refusal(answer.error)
  }
  throw refusal('expired_token')
}

function refusal(error = 'nothing'): UserError {
  switch (error) {
    case 'access_denied':
      return new UserError('It was refused on the page: you are not signed in.')
    case 'expired_token':
      return new UserError('The code was not entered in time.', {
        remedy: 'Run `errand login --web` again for a new one.',
      })
    case 'device_flow_disabled':
      return new UserError('The OAuth app of this client id does not have the device flow.', {
        remedy: 'Enable it in the settings of the app on GitHub.',
      })
    default:
      return new UserError(`The server answered ${printableLine(error)}.`)
  }
}

interface Sent {
  fields: Record<string, string>
  signal: AbortSignal
}

interface Received {
  status: number
  text: string
}

/** Redirects are not followed: what is sent is for this server alone. */
async function post(url: string, { fields, signal }: Sent): Promise<Received> {
  const response = await fetch(url, {
    method: 'POST',
    redirect: 'manual',
    headers: { accept: 'application/json', 'user-agent': 'errand-cli' },
    body: new URLSearchParams(fields),
    signal,
  })
  return { status: response.status, text: await response.text() }
}

function readAnswer<T extends z.ZodType>(schema: T, received: Received, web: string): z.infer<T> {
  const known = schema.safeParse(parseJson(received.text))
  if (known.success && received.status < 400) return known.data
  const Refused = z.object({ error: z.string() })
  const refused = Refused.safeParse(parseJson(received.text))
  if (refused.success) throw refusal(refused.data.error)
  throw new UserError(`${web} did not answer as expected (HTTP ${received.status}).`)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
