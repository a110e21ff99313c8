"""A running tcpdump in a namespace."""
import re
import signal
import subprocess

from capture_file import read


class Tap:
    """Captures nanoseconds and whole packets; what the shipped file keeps is decided afterwards."""

    def __init__(self, namespace, path, interface="eth0", link_type=None, capture_filter="tcp or icmp"):
        self.path = path
        # Without delay the kernel's ring has one slot of snap length a packet: a small ring drops.
        command = ["ip", "netns", "exec", namespace, "tcpdump", "-n", "-i", interface, "-w", path, "-U", "-Z", "root",
                   "--immediate-mode", "--time-stamp-precision=nano", "-s", "66000", "-B", "65536"]
        if link_type:
            command += ["-y", link_type]
        self.process = subprocess.Popen(command + capture_filter.split(), stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if "listening on" in line:
                return
        raise RuntimeError(f"tcpdump did not start on {namespace} {interface}")

    def stop(self):
        """Ends the capture and returns what it holds; a capture with drops is refused."""
        self.process.send_signal(signal.SIGINT)
        said = self.process.communicate(timeout=10)[1]
        dropped = re.search(r"(\d+) packets dropped by kernel", said)
        if dropped and int(dropped[1]):
            raise RuntimeError(f"{self.path}: {said}")
        return read(self.path)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
