import type { ForgeContext } from '../context.ts'
import type { Comment, CommentReaction, Repository } from '../records/records.ts'

/** GitHub's eight. */
export const reactionContents = [
  '+1',
  '-1',
  'laugh',
  'confused',
  'heart',
  'hooray',
  'rocket',
  'eyes',
] as const
export type ReactionContent = (typeof reactionContents)[number]

/** Adds a user's reaction to a comment. The same one again is the one that is there: not `isNew`. */
export async function react(
  { records }: ForgeContext,
  repository: Repository,
  comment: Comment,
  { userId, content }: { userId: number; content: ReactionContent },
): Promise<{ reaction: CommentReaction; isNew: boolean }> {
  const id = await records.nextId()
  const added = { id, user_id: userId, content, created_at: new Date().toISOString() }
  const changed = await records
    .of(repository)
    .comments.update(String(comment.id), ({ reactions = [], ...rest }) => {
      const isThere = reactions.some((one) => one.user_id === userId && one.content === content)
      return { ...rest, reactions: isThere ? reactions : [...reactions, added] }
    })
  const own = changed.reactions?.find((one) => one.user_id === userId && one.content === content)
  const reaction = own ?? added
  return { reaction, isNew: reaction.id === id }
}
