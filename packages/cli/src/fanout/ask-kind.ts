import { type Client, speaksErrand, untilReached, type Waiting } from '@errand/contract'

/** How long a server that does not answer the first question is believed to come back. */
const patienceMs = 20_000

/** Whether the server is Errand: the first question of a campaign, as patient as those that follow. */
export async function isErrandServer(client: Client, waiting: Waiting): Promise<boolean> {
  return untilReached(waiting, () => speaksErrand(client, waiting.signal), patienceMs)
}
