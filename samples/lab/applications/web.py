"""A WSGI application of the laboratory, for gunicorn: answers after ?wait=SECONDS; with &stuck=1 as one that is in native
code, where Python runs no signal handler."""
import signal
import time
from urllib.parse import parse_qs


def application(environ, start_response):
    query = parse_qs(environ["QUERY_STRING"])
    if "stuck" in query:
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGABRT])
    time.sleep(float(query.get("wait", ["0"])[0]))
    body = b'{"id":1842,"state":"packed"}'
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
