/**
 * The `Link` header of a task list: `first` always, `prev` and `next` where there are such pages,
 * `last` only on the last page, whose number is known only then (behaviour.md 1.3). All other query
 * parameters are kept.
 */
export function linkHeader(
  url: string,
  page: { page: number; per_page: number; has_more: boolean },
): string {
  const links = [
    ...(page.page > 1 ? [linkTo(url, page.page - 1, page.per_page, 'prev')] : []),
    ...(page.has_more ? [linkTo(url, page.page + 1, page.per_page, 'next')] : []),
    ...(page.has_more ? [] : [linkTo(url, page.page, page.per_page, 'last')]),
    linkTo(url, 1, page.per_page, 'first'),
  ]
  return links.join(', ')
}

/** The same where it is known how many there are in all. */
export function linkHeaderOf(
  url: string,
  { page, per_page }: { page: number; per_page: number },
  total: number,
): string {
  return linkHeader(url, { page, per_page, has_more: total > page * per_page })
}

function linkTo(url: string, page: number, perPage: number, rel: string): string {
  const target = new URL(url)
  target.searchParams.set('page', String(page))
  target.searchParams.set('per_page', String(perPage))
  return `<${target.href}>; rel="${rel}"`
}
