/** The addresses an answer carries, under the prefix its request came by (behaviour.md 2.4). */
export interface Urls {
  /** Of the API, with `/api/v3` where the request had it. */
  api: string
  /** Of the pages. */
  web: string
}

export function taskUrl(urls: Urls, fullName: string, id: string): string {
  return `${urls.api}/agents/repos/${fullName}/tasks/${id}`
}

/** As GitHub has it: `https://github.com/O/R/copilot/tasks/ID` (behaviour.md 1.2). */
export function taskPageUrl(urls: Pick<Urls, 'web'>, fullName: string, id: string): string {
  return `${urls.web}/${fullName}/copilot/tasks/${id}`
}
