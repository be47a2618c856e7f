/**
 * Where the pages and git of a forge are, by the URL of its API: github.com and the tenants of ghe.com have
 * the API on a host of its own, GitHub Enterprise Server has it under `/api/v3`.
 */
export function webUrlOf(apiUrl: string): string {
  const { hostname } = new URL(apiUrl)
  if (/^api\.(github|[^.]+\.ghe)\.com$/.test(hostname)) return `https://${hostname.slice(4)}`
  return apiUrl.replace(/\/+$/, '').replace(/\/api\/v3$/, '')
}
