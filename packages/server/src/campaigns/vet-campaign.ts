import { type Caller, mapInParallel, type RepositoryAccess } from '@errand/contract'
import {
  type Candidate,
  findCampaignCredential,
  isDisconnected,
  SealBroken,
  type Verdict,
  type Vet,
} from '@errand/core'
import type { ServerContext } from '../context.ts'
import { CreatorGone, tokenRefused, vetTarget } from './vet-target.ts'

/** Repositories asked about at a time: a forge elsewhere is not to be overrun. */
const atOnce = 8

/**
 * Vets the repositories of campaigns as their creators, by what they may do now. What the forge cannot say
 * now is left out and told of: it is asked again later.
 *
 * @param known repositories that were vetted just now, by id
 */
export function createVet(
  context: ServerContext,
  onTrouble: (error: unknown) => void,
  known?: ReadonlyMap<number, RepositoryAccess>,
): Vet {
  return async (campaign, candidates) => {
    const verdicts = new Map<number, Verdict>()
    const callerFor = createCallers(context, campaign)
    let trouble: unknown

    async function vetOne(candidate: Candidate): Promise<void> {
      // One question that the forge cannot answer is enough.
      if (trouble !== undefined) return
      const { number, task } = candidate
      try {
        const repository = known?.get(task.repository.id)
        verdicts.set(number, await vetTarget(context, callerFor, candidate, repository))
      } catch (error) {
        if (isDisconnected(error)) throw error
        trouble = error
      }
    }
    await mapInParallel([...candidates], atOnce, vetOne)
    if (trouble !== undefined) onTrouble(trouble)
    return verdicts
  }
}

type Of = Parameters<Vet>[0]

/**
 * In whose name a campaign's repositories are asked for: its creator, with the token that is kept for the
 * campaign where there is one, else with what the server itself has for a repository.
 */
function createCallers(
  context: ServerContext,
  campaign: Of,
): (fullName: string) => Promise<Caller> {
  const { forge, settings } = context
  const login = campaign.creator_login
  let own: Promise<Caller | undefined> | undefined

  return async (fullName) => {
    own ??= withKeptToken(context, campaign)
    const known = await own
    if (known !== undefined) return known
    const isEmbedded = settings.forge === 'embedded'
    const found = await forge.actFor({
      id: campaign.creator_id,
      ...(isEmbedded ? {} : { repository: fullName }),
    })
    if (found !== undefined) return found
    throw new CreatorGone(`the account of its creator, ${login}, is gone`)
  }
}

/** Undefined where no token is kept: the server does without. */
async function withKeptToken(
  { store, encryption, forge }: ServerContext,
  campaign: Of,
): Promise<Caller | undefined> {
  const kept = await findCampaignCredential(store, campaign)
  if (kept === undefined) return undefined
  const caller = await forge.authenticate(openSealed(encryption, kept))
  if (caller?.user.id === campaign.creator_id) return caller
  throw new CreatorGone(tokenRefused)
}

function openSealed(
  encryption: ServerContext['encryption'],
  { sealed, about }: { sealed: string; about: string },
): string {
  try {
    return encryption.open(sealed, about)
  } catch (cause) {
    if (!(cause instanceof SealBroken)) throw cause
    throw new CreatorGone(
      "the token kept for its creator cannot be decrypted with this server's key; retry the campaign to give it a new one",
      { cause },
    )
  }
}
