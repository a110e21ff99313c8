// An HTTP/2 application of the laboratory, without TLS. usage: node streams.js '{"port":8080}'
import http2 from 'node:http2'

const { port } = JSON.parse(process.argv[2])
const { NGHTTP2_CANCEL, NGHTTP2_REFUSED_STREAM, NGHTTP2_INTERNAL_ERROR } = http2.constants
const codes = {
  '/cancelled': NGHTTP2_CANCEL,
  '/refused': NGHTTP2_REFUSED_STREAM,
  '/broken': NGHTTP2_INTERNAL_ERROR,
}

const server = http2.createServer()
server.on('stream', (stream, headers) => {
  const path = headers[':path']
  stream.on('error', () => {}) // Node.js reports here the code that we have just sent
  if (path in codes) return stream.close(codes[path])
  stream.respond({ 'content-type': 'application/json' })
  stream.end('{"id":1842,"state":"packed"}')
  // GOAWAY, and the end when this stream is done.
  if (path === '/goaway') stream.session.close()
})
server.listen(port)
