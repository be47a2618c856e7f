import { expect, it } from 'vitest'
import { recordArtifact } from '../sessions/record.ts'
import { askUser } from '../sessions/questions.ts'
import { endSession } from '../sessions/end.ts'
import { cancelTask } from '../tasks/cancel-task.ts'
import { getTask } from '../tasks/get-task.ts'
import { aRepository, create, createLeased, grace, mustLease } from '../testing/rows.ts'
import { describeOnEachStore } from '../testing/stores.ts'
import { acceptDelivery, type NewPullComment } from './accept-delivery.ts'
import { claimComments, StaleComment, takeOverComments } from './claim-comments.ts'
import { closeComment, noteToldQuestion, postponeComment, takeComment } from './record-comment.ts'
import { sweepDeliveries } from './sweep-deliveries.ts'
import { openQuestionOf, taskOfPull } from './task-of-pull.ts'

function aComment(comment: Partial<NewPullComment> = {}): NewPullComment {
  return {
    repository_id: 10,
    type: 'issue',
    comment_id: 1,
    repository_full_name: 'acme/sums',
    pull_number: 7,
    user_id: grace.id,
    user_login: grace.login,
    body_hash: 'h',
    ...comment,
  }
}

const comment = (id: number) =>
  ({ type: 'comment', comment: aComment({ comment_id: id }) }) as const
const delivery = (id: string) => ({ id, event: 'issue_comment' })

describeOnEachStore('a comment that was told of', (on) => {
  it('is stored once, by the delivery and by its own id', async () => {
    const first = await acceptDelivery(on.store, delivery('a'), [comment(1)])
    const same = await acceptDelivery(on.store, delivery('a'), [comment(2)])
    const renamed = await acceptDelivery(on.store, delivery('b'), [comment(1)])
    const line = { type: 'comment', comment: aComment({ type: 'review' }) } as const
    const ofALine = await acceptDelivery(on.store, delivery('c'), [line])

    expect([first, same, renamed, ofALine].map(({ replayed }) => replayed)).toEqual([
      false,
      true,
      true,
      false,
    ])
    expect(await claimComments(on.store, 8)).toHaveLength(2)
  })

  it('is given to its task in one transaction, by whoever holds it then', async () => {
    const { task, lease } = await createLeased(on.store)
    await endSession(on.store, lease, { state: 'completed' })
    await acceptDelivery(on.store, delivery('a'), [comment(1)])
    const [silent] = await claimComments(on.store, 8)
    const meanwhile = await claimComments(on.store, 8)
    on.clock.advance({ seconds: 121 })
    const [held] = await claimComments(on.store, 8)
    const steering = { content: 'More', by: grace }

    expect(meanwhile).toEqual([])
    await expect(takeComment(on.store, silent!, task.id, steering)).rejects.toThrow(StaleComment)
    expect(await takeComment(on.store, held!, task.id, steering)).toMatchObject({
      outcome: 'new_session',
    })
    const sessions = (await getTask(on.store, task.id))?.sessions
    expect(sessions).toMatchObject([{}, { prompt: 'More', user_login: 'grace' }])
  })

  it('of a task that is gone changes nothing, and can be tried again', async () => {
    await acceptDelivery(on.store, delivery('a'), [comment(1)])
    const [held] = await claimComments(on.store, 8)
    const gone = '00000000-0000-4000-8000-000000000000'

    await expect(
      takeComment(on.store, held!, gone, { content: 'x', by: grace }),
    ).rejects.toMatchObject({ errorName: 'not_found' })
    await postponeComment(on.store, held!, 30)
    const early = await claimComments(on.store, 8)
    on.clock.advance({ seconds: 31 })

    expect(early).toEqual([])
    expect(await claimComments(on.store, 8)).toMatchObject([{ failures: 1, taken_at: null }])
  })

  it('is claimed again when its task asks, once for a question, and when it has ended', async () => {
    const { task, lease } = await createLeased(on.store)
    await acceptDelivery(on.store, delivery('a'), [comment(1)])
    const [held] = await claimComments(on.store, 8)
    await takeComment(on.store, held!, task.id, { content: 'x', by: grace })
    const running = await claimComments(on.store, 8)
    await askUser(on.store, lease, { message: 'Which one?' })
    const [asked] = await claimComments(on.store, 8)
    const question = await openQuestionOf(on.store, task.id)
    await noteToldQuestion(on.store, asked!, question!.id)
    const told = await claimComments(on.store, 8)
    await cancelTask(on.store, task.id, 'ada')
    const [ended] = await claimComments(on.store, 8)
    await closeComment(on.store, ended!, 'told')

    expect(question?.message).toBe('Which one?')
    expect([running, told, await claimComments(on.store, 8)]).toEqual([[], [], []])
    expect(ended?.attempt).toBe(3)
  })

  it('is forgotten a month later, once it is done with', async () => {
    await acceptDelivery(on.store, delivery('a'), [comment(1)])
    await acceptDelivery(on.store, delivery('b'), [comment(2)])
    const [done] = await claimComments(on.store, 1)
    await closeComment(on.store, done!, 'ignored')
    const left = async () => {
      await sweepDeliveries(on.store)
      const { db } = on.store
      const deliveries = await db.selectFrom('forge_deliveries').select('id').execute()
      const comments = await db.selectFrom('pull_comments').select('comment_id').execute()
      return [deliveries.length, comments.length]
    }

    expect(await left()).toEqual([2, 2])
    on.clock.advance({ minutes: 31 * 24 * 60 })
    expect(await left()).toEqual([0, 1])
  })

  it('is taken over at once where the process before was the only one', async () => {
    await acceptDelivery(on.store, delivery('a'), [comment(1)])
    await claimComments(on.store, 8)

    await takeOverComments(on.store)

    const isOnly = on.store.kind === 'pglite'
    expect(await claimComments(on.store, 8)).toHaveLength(isOnly ? 1 : 0)
  })
})

describeOnEachStore('the task of a pull request', (on) => {
  it("is found by the repository's id and the number: the latest of several", async () => {
    const withPull = async (repositoryId: number, number: number) => {
      const { task, lease } = await createLeased(on.store, {
        repository: aRepository(repositoryId),
      })
      const data = { id: 1, number, html_url: 'http://forge/pull' }
      await recordArtifact(on.store, lease, { provider: 'github', type: 'pull', data })
      return task.id
    }
    await withPull(10, 7)
    const latest = await withPull(10, 7)
    await withPull(10, 77)
    await withPull(11, 7)
    await create(on.store)
    await mustLease(on.store)

    expect(await taskOfPull(on.store, { repository_id: 10, pull_number: 7 })).toMatchObject({
      id: latest,
    })
    expect(await taskOfPull(on.store, { repository_id: 12, pull_number: 7 })).toBeUndefined()
  })
})
