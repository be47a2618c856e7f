import type { ForgeContext, Urls } from '../context.ts'
import { reactionContents } from '../comments/react.ts'
import type { Comment, CommentReaction, Repository } from '../records/records.ts'
import { nodeId } from './account.ts'
import { associationOf, presentUser } from './pull.ts'

/** A comment of a pull request, as GitHub shows those of issues. */
export function presentComment(
  context: ForgeContext,
  repository: Repository,
  name: string,
  comment: Comment,
  urls: Urls,
) {
  return {
    id: comment.id,
    node_id: nodeId('IssueComment', comment.id),
    url: `${urls.api}/repos/${name}/issues/comments/${comment.id}`,
    html_url: `${urls.web}/${name}/pull/${comment.issue_number}#issuecomment-${comment.id}`,
    issue_url: `${urls.api}/repos/${name}/issues/${comment.issue_number}`,
    user: presentUser(context, comment.user_id, urls),
    body: comment.body,
    created_at: comment.created_at,
    updated_at: comment.updated_at,
    author_association: associationOf(context, repository, comment.user_id),
    reactions: summaryOf(comment, `${urls.api}/repos/${name}/issues/comments/${comment.id}`),
  }
}

export function presentReaction(context: ForgeContext, reaction: CommentReaction, urls: Urls) {
  return {
    id: reaction.id,
    node_id: nodeId('Reaction', reaction.id),
    user: presentUser(context, reaction.user_id, urls),
    content: reaction.content,
    created_at: reaction.created_at,
  }
}

function summaryOf({ reactions = [] }: Comment, url: string) {
  const counts = reactionContents.map((content) => [
    content,
    reactions.filter((reaction) => reaction.content === content).length,
  ])
  return {
    url: `${url}/reactions`,
    total_count: reactions.length,
    ...Object.fromEntries(counts),
  }
}
