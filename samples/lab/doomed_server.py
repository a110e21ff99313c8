"""Accepts N connections on the socket given as stdin, answers one request on each, then reads nothing more."""
import socket
import sys
import time

from conversation import http_request, http_response, read_exactly

listener = socket.socket(fileno=0)
held = []
for _ in range(int(sys.argv[1])):
    connection = listener.accept()[0]
    read_exactly(connection, len(http_request("/api/v1/orders")))
    connection.sendall(http_response())
    held.append(connection)
time.sleep(600)
