"""Two TUN devices, one here and one in a host's network namespace, with every packet held for a while in between.

The kernel of the lab machine has no netem; this carries real TCP all the same. Runs until its standard input ends.
Arguments: PID (whose network namespace is the other end), NAME, HERE, THERE (addresses), DELAY (milliseconds, each way).
"""

import collections
import ctypes
import fcntl
import os
import select
import struct
import subprocess
import sys
import time

TUNSETIFF, IFF_TUN, IFF_NO_PI, CLONE_NEWNET = 0x400454CA, 0x0001, 0x1000, 0x40000000
LONGEST_QUEUE = 4096  # packets; a sender that outruns this loses some, as on any line


def end(name, own, other):
    """Opens a TUN device in the present namespace and gives it an address whose peer is the other end."""
    tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    subprocess.run(["ip", "addr", "add", own, "peer", other, "dev", name], check=True)
    subprocess.run(["ip", "link", "set", name, "up", "txqueuelen", "5000"], check=True)
    return tun


def enter(namespace):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(namespace, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def main():
    pid, name, here, there, delay = sys.argv[1:]
    delay = float(delay) / 1000
    namespace = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
    near = end(name, here, there)
    enter(namespace)
    far = end(name, there, here)
    other = {near: far, far: near}
    held = {near: collections.deque(), far: collections.deque()}  # by the end they go to; oldest first
    print("ready", flush=True)
    while True:
        now = time.monotonic()
        for tun, queue in held.items():
            while queue and queue[0][0] <= now:
                try:
                    os.write(tun, queue.popleft()[1])
                except OSError:
                    pass  # the device is full or its host is going down: the packet is lost, TCP sends it again
        due = [queue[0][0] for queue in held.values() if queue]
        wait = max(0, min(due) - time.monotonic()) if due else None
        for source in select.select([near, far, 0], [], [], wait)[0]:
            if source == 0:
                if not os.read(0, 1):
                    return
                continue
            queue = held[other[source]]
            due_at = time.monotonic() + delay
            try:
                while True:
                    packet = os.read(source, 65536)
                    if len(queue) < LONGEST_QUEUE:
                        queue.append((due_at, packet))
            except BlockingIOError:
                pass
            except OSError:
                return  # the host went down, and its device with it


main()
