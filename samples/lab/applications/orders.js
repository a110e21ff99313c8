// An application of the laboratory. usage: node orders.js '{"port":8080,"keepAliveTimeout":2000}'
import http from 'node:http'

const { port, graceful, ...timeouts } = JSON.parse(process.argv[2])

const server = http.createServer(timeouts, (request, response) => {
  const url = new URL(request.url, 'http://localhost')
  const wait = Number(url.searchParams.get('wait') ?? 0)
  response.setHeader('content-type', 'application/json')
  if (url.pathname.startsWith('/export')) {
    // The beginning of a long response; the rest takes its time.
    response.setHeader('content-length', 90000)
    response.write('{"sku":"B-2210","quantity":1}\n'.repeat(80))
    return
  }
  if (url.pathname.startsWith('/abort')) {
    // A response with neither length nor chunks ends where the connection ends.
    if (url.searchParams.has('endless')) response.useChunkedEncodingByDefault = false
    else response.setHeader('content-length', 90000)
    response.write('{"sku":"B-2210","quantity":1}\n'.repeat(80))
    setTimeout(() => request.socket.resetAndDestroy(), 200)
    return
  }
  request.resume()
  request.on('end', () => setTimeout(() => response.end('{"id":1842,"state":"packed"}'), wait))
})
Object.assign(server, timeouts)
server.listen(port)
// The default is to end at once. close() stops listening and closes idle connections; the others may finish.
if (graceful) process.on('SIGTERM', () => server.close())
