"""Two hosts on this machine: network namespaces with a cable between them, which can be cut, mended and made slow."""

import collections
import fcntl
import os
import select
import struct
import subprocess
import threading
import time

TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 0x0002, 0x1000
MOST_FRAMES = 8192  # under way in a slow cable


def ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


class Host:
    """A namespace of its own, with its own shared memory, so that the network is the only way out."""

    def __init__(self, name, address):
        self.name, self.address, self.link = name, address, None
        ip("netns", "add", name)
        inside = "mount -t tmpfs tmpfs /dev/shm && ip link set lo up && echo ready && exec sleep 3600"
        self.holder = subprocess.Popen(
            ["ip", "netns", "exec", name, "sh", "-c", inside], stdout=subprocess.PIPE, text=True
        )
        if self.holder.stdout.readline() != "ready\n":
            raise PermissionError("a namespace can't be furnished")

    @property
    def enter(self):
        """What to put before a command so that it runs on this host."""
        return ["nsenter", "-t", str(self.holder.pid), "-m", "-n", "--"]

    def ip(self, *words):
        ip("-n", self.name, *words)

    def plug(self, link):
        self.link = link
        self.ip("addr", "add", f"{self.address}/24", "dev", link)
        self.up()

    def up(self):
        self.ip("link", "set", self.link, "up", "multicast", "on")
        self.ip("route", "replace", "224.0.0.0/4", "dev", self.link)  # it goes when the link does

    def down(self):
        self.ip("link", "set", self.link, "down")

    def close(self):
        self.holder.kill()
        self.holder.wait()
        subprocess.run(["ip", "netns", "del", self.name], capture_output=True)


def veth(a, b):
    """A cable that can be cut by taking a link down."""
    ip("link", "add", "ponder0", "netns", a.name, "type", "veth", "peer", "name", "ponder0", "netns", b.name)
    a.plug("ponder0"), b.plug("ponder0")


class SlowCable:
    """Carries every frame between two hosts, both ways, so much later. (`tc netem` needs a kernel that has it.)"""

    def __init__(self, a, b, delay_s):
        self.delay_s, self.quit = delay_s, False
        self.ends = [self.tap(a), self.tap(b)]
        self.thread = threading.Thread(target=self.carry, daemon=True)
        self.thread.start()

    def tap(self, host):
        end = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        name = f"pt-{host.name}"[:15]
        fcntl.ioctl(end, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TAP | IFF_NO_PI))
        ip("link", "set", name, "netns", host.name)
        host.plug(name)
        return end

    def carry(self):
        under_way = collections.deque()
        while not self.quit:
            wait = 0.05 if not under_way else min(0.05, max(0.0, under_way[0][0] - time.monotonic()))
            for end in select.select(self.ends, [], [], wait)[0]:
                other = self.ends[1 - self.ends.index(end)]
                while len(under_way) < MOST_FRAMES:
                    try:
                        under_way.append((time.monotonic() + self.delay_s, other, os.read(end, 65536)))
                    except BlockingIOError:
                        break
            while under_way and under_way[0][0] <= time.monotonic():
                _, end, frame = under_way.popleft()
                try:
                    os.write(end, frame)
                except OSError:
                    pass  # the other end is down or full: a cable loses frames then

    def close(self):
        self.quit = True
        self.thread.join(1)
        for end in self.ends:
            os.close(end)
