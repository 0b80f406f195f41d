"""The least that a queue on a stream can be: XADD, XREADGROUP, XACK, XDEL. No leases, no retries, no log: a floor, no rival.

`add PORT` takes lines `ID<tab>JSON` on its input; `work PORT SLOTS` works until SIGTERM, one job at a time.
"""

import json
import sys

import redis

STREAM, GROUP = "jobs", "workers"


def add(client: redis.Redis) -> None:
    for line in sys.stdin:
        _, text = line.rstrip("\n").split("\t", 1)
        client.xadd(STREAM, {"request": text})


def work(client: redis.Redis) -> None:
    try:
        client.xgroup_create(STREAM, GROUP, "0", mkstream=True)
    except redis.ResponseError:
        pass  # it is there
    while True:
        for _, entries in client.xreadgroup(GROUP, "one", {STREAM: ">"}, count=1, block=1000) or []:
            for entry, fields in entries:
                identifier = json.loads(fields[b"request"])["deploymentId"]
                client.rpush(f"began:{identifier}", 1)
                client.xack(STREAM, GROUP, entry)
                client.xdel(STREAM, entry)
                client.incr("ended")


def main() -> None:
    client = redis.Redis(port=int(sys.argv[2]))
    add(client) if sys.argv[1] == "add" else work(client)


main()
