export interface PageOf {
  page: number
  perPage: number
  /** How many there are on all pages. */
  total: number
}

/** GitHub's `Link` header; undefined where there is one page only. Other parameters stay. */
export function linkHeader(url: URL, { page, perPage, total }: PageOf): string | undefined {
  const last = Math.max(1, Math.ceil(total / perPage))
  const link = (to: number, rel: string) => {
    const target = new URL(url)
    target.searchParams.set('page', String(to))
    return `<${target.href}>; rel="${rel}"`
  }
  const links = [
    ...(page > 1 ? [link(Math.min(page - 1, last), 'prev')] : []),
    ...(page < last ? [link(page + 1, 'next'), link(last, 'last')] : []),
    ...(page > 1 ? [link(1, 'first')] : []),
  ]
  return links.length === 0 ? undefined : links.join(', ')
}

/** `page` and `per_page` as GitHub reads them: what makes no sense is the default, too many is 100. */
export function readPage(
  query: unknown,
  defaultPerPage = 30,
): { page: number; perPage: number; skip: number } {
  const { page, per_page: perPage } = (query ?? {}) as Record<string, unknown>
  const read = (value: unknown, fallback: number) =>
    typeof value === 'string' && /^[1-9]\d{0,8}$/.test(value) ? Number(value) : fallback
  const number = read(page, 1)
  const size = Math.min(read(perPage, defaultPerPage), 100)
  return { page: number, perPage: size, skip: (number - 1) * size }
}
