import { registerHooks } from 'node:module'

/** Finds what GitHub's own parser has against a file. */
export type FindErrors = (path: string, content: string) => string[]

/**
 * The parser that GitHub's editors use, for actions and workflows. It imports its JSON in a way that only
 * bundlers take, so Node is told what it means.
 */
export async function openWorkflowParser(): Promise<{ action: FindErrors; workflow: FindErrors }> {
  const hooks = registerHooks({
    load: (url, context, nextLoad) =>
      nextLoad(
        url,
        url.endsWith('.json') ? { ...context, importAttributes: { type: 'json' } } : context,
      ),
  })
  try {
    const { NoOperationTraceWriter, parseWorkflow } = await import('@actions/workflow-parser')
    const { parseAction } = await import('@actions/workflow-parser/actions/action-parser')
    const finding =
      (parse: typeof parseAction | typeof parseWorkflow): FindErrors =>
      (name, content) =>
        parse({ name, content }, new NoOperationTraceWriter())
          .context.errors.getErrors()
          .map(({ message }) => message)
    return { action: finding(parseAction), workflow: finding(parseWorkflow) }
  } finally {
    hooks.deregister()
  }
}
