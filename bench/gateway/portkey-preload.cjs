// As it comes, version 1.15.2 fails on Node 20 and later for every streamed answer of a server of one's own: it
// changes the headers of what fetch has given, which are immutable. A copy can be changed.
const { fetch } = globalThis
globalThis.fetch = async (...args) => {
  const response = await fetch(...args)
  const { status, statusText, headers, body } = response
  return new Response(body, { status, statusText, headers: new Headers(headers) })
}
