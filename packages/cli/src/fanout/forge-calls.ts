import { AnswerError, type Client, type Pace, untilReached, type Waiting } from '@errand/contract'

/** With what a campaign speaks to the forge about its pull requests. */
export interface ForgeCalls extends Waiting {
  client: Client
  pace: Pace
}

/** What a path answers, however long the server takes to come back; undefined where there is nothing. */
export async function readForge<T>(calls: ForgeCalls, path: string): Promise<T | undefined> {
  const { client, signal } = calls
  return untilReached(calls, async () => {
    try {
      // The fields used are those every GitHub-compatible forge has.
      return (await (await client.request('GET', path, { signal })).json()) as T
    } catch (error) {
      if (error instanceof AnswerError && error.status === 404) return undefined
      throw error
    }
  })
}

/** GitHub wants a second between what changes something. What the forge refuses is thrown. */
export async function writeForge<T>(
  calls: ForgeCalls,
  method: string,
  path: string,
  body?: object,
): Promise<T | undefined> {
  const { client, pace, signal } = calls
  return untilReached(calls, async () => {
    await pace.turn(signal)
    try {
      const text = await (await client.request(method, path, { body, signal })).text()
      // As above; a 204 has no body.
      return text === '' ? undefined : (JSON.parse(text) as T)
    } finally {
      pace.ended()
    }
  })
}

/** The number in a pull request's address. */
export function pullNumberOf(url: string | undefined): number | undefined {
  const number = /\/pull\/([1-9]\d*)$/.exec(url ?? '')?.[1]
  return number === undefined ? undefined : Number(number)
}

/** Why a server refused, with what it said of each field. */
export function explainRefusal({ message, body }: AnswerError): string {
  const details = (body.errors ?? []).map((error) => error.message).filter(Boolean)
  return [message, ...details].join(': ')
}
