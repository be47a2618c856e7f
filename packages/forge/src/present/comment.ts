import type { ForgeContext, Urls } from '../context.ts'
import type { Comment, Repository } from '../records/records.ts'
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
  }
}
