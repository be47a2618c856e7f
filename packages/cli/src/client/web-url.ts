/** github.com has its API on a host of its own, GitHub Enterprise Server under `/api/v3`. */
export function webUrlOf(apiUrl: string): string {
  const url = new URL(apiUrl)
  if (url.hostname === 'api.github.com') return 'https://github.com'
  return apiUrl.replace(/\/+$/, '').replace(/\/api\/v3$/, '')
}
