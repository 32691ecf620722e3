"""What Python's libvirt and lxml need for the same work; answers with a list of seconds."""

import json
import queue
import statistics
import sys
import threading
import time

try:
    import libvirt
    from lxml import etree
except ImportError:
    print("[]")
    sys.exit()


def median(run):
    run()
    times = []
    end = time.monotonic() + 2
    while len(times) < 7 or (time.monotonic() < end and len(times) < 501):
        begin = time.perf_counter()
        run()
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def read(uri):
    connection = libvirt.open(uri)

    def stats(groups):
        nowait = libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT
        try:
            records = connection.getAllDomainStats(groups, nowait)
        except libvirt.libvirtError:
            records = connection.getAllDomainStats(groups, 0)
        return [(domain.name(), domain.UUIDString(), params) for domain, params in records]

    return [median(lambda: stats(1)), median(lambda: stats(1 | 2 | 4 | 8 | 16 | 32))]


def define(uri, specs):
    connection = libvirt.open(uri)
    begin = time.perf_counter()
    for xml in specs:
        connection.defineXMLFlags(xml, libvirt.VIR_DOMAIN_DEFINE_VALIDATE)
    return [time.perf_counter() - begin]


def event():
    libvirt.virEventRegisterDefaultImpl()
    connection = libvirt.open("test:///default")
    arrived = queue.SimpleQueue()
    connection.domainEventRegisterAny(
        None, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, lambda *_: arrived.put(None), None
    )

    def loop():
        while True:
            libvirt.virEventRunDefaultImpl()

    threading.Thread(target=loop, daemon=True).start()
    domain = connection.lookupByName("test")
    turn = [domain.suspend, domain.resume]

    def run():
        turn[0]()
        turn.reverse()
        arrived.get(timeout=60)

    return [median(run)]


def xml(files):
    contents = []
    for path in files:
        with open(path, "rb") as file:
            contents.append(file.read())

    def run():
        for content in contents:
            etree.tostring(etree.fromstring(content).getroottree())

    return [median(run)]


question = json.load(sys.stdin)
what = question.pop("do")
libvirt.registerErrorHandler(lambda *_: None, None)
print(json.dumps({"read": read, "define": define, "event": event, "xml": xml}[what](**question)))
sys.stdout.flush()
