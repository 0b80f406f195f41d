"""BullMQ's Python client with jobs that do nothing but say that they have begun and ended.

`add PORT` takes lines `ID<tab>JSON` on its input; `work PORT SLOTS` works until SIGTERM.
"""

import asyncio
import json
import signal
import sys

import redis.asyncio
from bullmq import Queue, Worker

NAME = "jobs"


async def add(url: str) -> None:
    queue = Queue(NAME, {"connection": url})
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        identifier, text = line.rstrip("\n").split("\t", 1)
        await queue.add("build", json.loads(text), {"jobId": identifier, "attempts": 3})
    await queue.close()


async def work(url: str, slots: int) -> None:
    client = redis.asyncio.from_url(url)

    async def run(job, _token):
        await client.rpush(f"began:{job.id}", 1)
        return None

    worker = Worker(NAME, run, {"connection": url, "concurrency": slots, "removeOnComplete": {"count": 10000}})
    worker.on("completed", lambda _job, _result: asyncio.ensure_future(client.incr("ended")))
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()
    await worker.close(True)


def main() -> None:
    url = f"redis://127.0.0.1:{sys.argv[2]}"
    asyncio.run(add(url) if sys.argv[1] == "add" else work(url, int(sys.argv[3])))


main()
