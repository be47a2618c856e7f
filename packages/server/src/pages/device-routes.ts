import { type DeviceLogin, ErrandError } from '@errand/contract'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ServerContext } from '../context.ts'
import { createRateWindows } from '../conventions/rate-windows.ts'
import { deviceCodePage, deviceDecisionPage, deviceDonePage } from './device-page.ts'
import { readForm, requireOwnForm } from './forms.ts'
import { sendPage } from './layout.ts'
import { findSignedIn, type SignedIn, sendToSignIn } from './signed-in.ts'
import type { SignIns } from './sign-in.ts'

/** Wrong codes somebody may enter in a quarter of an hour, as long as a code lasts. */
const mostWrong = 10
const lastingMs = 15 * 60_000

/** The person's side of signing in a device: `/login/device`. */
export function devicePages(
  app: FastifyInstance,
  context: ServerContext,
  signIns: SignIns,
  deviceLogin: DeviceLogin,
): void {
  const wrong = createRateWindows('wrong-codes', lastingMs, Date.now)

  /** Who sends a form of ours; undefined when their token is no longer good. */
  async function findSender(request: FastifyRequest): Promise<SignedIn | undefined> {
    requireOwnForm(context, signIns, request)
    return await findSignedIn(context, signIns, request)
  }

  /** The code of a form, if a device waits by it. Guesses are counted, by whatever form they come. */
  function findWaiting({ caller }: SignedIn, userCode: string) {
    const key = String(caller.user.id)
    if (wrong.of(key).used >= mostWrong) {
      throw new ErrandError('secondary_rate_limited', {
        message: 'Too many wrong codes were entered. Come again in a quarter of an hour.',
        headers: { 'retry-after': String(lastingMs / 1000) },
      })
    }
    const waiting = deviceLogin.find(userCode)
    if (waiting === undefined) wrong.add(key, 1)
    return waiting
  }

  function sendCodePage(reply: FastifyReply, signedIn: SignedIn, problem?: string): FastifyReply {
    return sendPage(reply, {
      title: 'Sign in a device',
      body: deviceCodePage(signedIn, problem),
      signIn: signedIn.signIn,
      ...(problem === undefined ? {} : { status: 422 }),
    })
  }

  app.get('/login/device', async (request, reply) => {
    const signedIn = await findSignedIn(context, signIns, request)
    return signedIn === undefined ? sendToSignIn(request, reply) : sendCodePage(reply, signedIn)
  })

  app.post('/login/device', async (request, reply) => {
    const signedIn = await findSender(request)
    if (signedIn === undefined) return sendToSignIn(request, reply)
    const { user_code: userCode = '' } = readForm(request)
    const waiting = findWaiting(signedIn, userCode)
    if (waiting === undefined) return sendCodePage(reply, signedIn, unknownCode)
    return sendPage(reply, {
      title: 'Sign in a device',
      body: deviceDecisionPage(signedIn, userCode, waiting),
      signIn: signedIn.signIn,
    })
  })

  app.post('/login/device/decision', async (request, reply) => {
    const signedIn = await findSender(request)
    if (signedIn === undefined) return sendToSignIn(request, reply)
    const { user_code: userCode = '', decision } = readForm(request)
    if (findWaiting(signedIn, userCode) === undefined) {
      return sendCodePage(reply, signedIn, unknownCode)
    }
    const isAllowed = decision === 'allow'
    await deviceLogin.decide(userCode, signedIn.caller, isAllowed)
    return sendPage(reply, {
      title: isAllowed ? 'Signed in' : 'Not let in',
      body: deviceDonePage(isAllowed),
      signIn: signedIn.signIn,
    })
  })
}

const unknownCode = 'No device waits by this code. Check it, or ask there for a new one.'
