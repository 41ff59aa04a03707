"""Sends the requests of a folder at a rate: open_loop.py PORT FOLDER COUNT RATE SECONDS

A Poisson process, so that requests come as those of many clients do. A request goes over a connection that is free,
or a new one. Prints as JSON, for each, its status, milliseconds from when it was due and from when it was sent to the
end of its answer, and seconds from the start to that; a status of 0 is that of a connection that was lost.
"""

import asyncio
import gc
import json
import os
import random
import sys
import time
from pathlib import Path

import uvloop

# An answer that is not there after this many seconds will not come.
PATIENCE = 60


class Connection(asyncio.Protocol):
    def __init__(self, free: list):
        self.free, self.answered, self.received = free, None, bytearray()

    def connection_made(self, transport):
        self.transport = transport

    def send(self, request: bytes, answered):
        """Sends a request; `answered` is called with the status of the answer once it is there, or with 0."""
        self.answered = answered
        self.transport.write(request)

    def data_received(self, data: bytes):
        self.received += data
        end = self.received.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(self.received[:end]).lower()
        length = int(head.split(b"\r\ncontent-length:", 1)[1].split(b"\r\n", 1)[0])
        if len(self.received) < end + 4 + length:
            return
        self.received.clear()
        if b"\r\nconnection: close" in head:
            self.transport.close()
        else:
            self.free.append(self)
        self.finish(int(head.split(b" ", 2)[1]))

    def connection_lost(self, _):
        if self in self.free:
            self.free.remove(self)
        self.finish(0)

    def finish(self, status: int):
        answered, self.answered = self.answered, None
        if answered:
            answered(status)


async def run(port: int, requests: list[bytes], rate: float, seconds: float) -> list:
    loop, draw = asyncio.get_running_loop(), random.Random(11)
    free, found, under_way = [], [], set()

    def note(status: int, due: float, sent: float):
        now = time.monotonic()
        found.append((status, 1e3 * (now - due), 1e3 * (now - sent), now - start))

    async def request(message: bytes, due: float):
        sent, future = time.monotonic(), loop.create_future()
        try:
            connection = free.pop() if free else (
                await loop.create_connection(lambda: Connection(free), "127.0.0.1", port))[1]
            connection.send(message, lambda status: future.done() or future.set_result(status))
            note(await asyncio.wait_for(future, PATIENCE), due, sent)
        except (OSError, TimeoutError):
            note(0, due, sent)

    start = due = time.monotonic()
    index = 0
    while (due := due + draw.expovariate(rate)) < start + seconds:
        if (pause := due - time.monotonic()) > 0:
            await asyncio.sleep(pause)
        task = asyncio.create_task(request(requests[index % len(requests)], due))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
        index += 1
    if under_way:
        await asyncio.wait(under_way)
    return found


def main():
    port, folder, count, rate, seconds = sys.argv[1:]
    requests = [(Path(folder) / str(index)).read_bytes() for index in range(1, int(count) + 1)]
    gc.disable()
    found = uvloop.run(run(int(port), requests, float(rate), float(seconds)))
    # A pipe that does not block takes no more than it has room for.
    os.set_blocking(sys.stdout.fileno(), True)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
