import { invalidField } from '@errand/contract'

/** GitHub's limit of one pull request. */
const mostLabels = 100

/** A name is one label in whatever case it is written; the first spelling stays. */
export function withLabels(labels: readonly string[], added: readonly string[]): string[] {
  const all = [...labels]
  for (const name of added) if (!all.some((label) => isSameLabel(label, name))) all.push(name)
  if (all.length <= mostLabels) return all
  throw invalidField('labels', `labels: there may be ${mostLabels} at most`, 'Label')
}

export function isSameLabel(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}
