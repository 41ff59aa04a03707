"""FastAPI on uvicorn before PyTorch: fastapi_peer.py FOLDER PORT SETTINGS. Requests that meet are computed together."""

import asyncio
import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

import orjson
import uvicorn
from fastapi import FastAPI, Request, Response

from predictor import Predictor, decode_clips
from settings import Settings


class Batcher:
    """Cuts a batch when the model is free, of as many of the clips that wait as fit, at least one request's."""

    def __init__(self, predictor: Predictor):
        self.predictor = predictor
        self.waiting = asyncio.Queue()
        self.thread = ThreadPoolExecutor(1)

    async def predict(self, clips: list) -> list:
        future = asyncio.get_running_loop().create_future()
        self.waiting.put_nowait((clips, future))
        return await future

    async def run(self):
        loop, left = asyncio.get_running_loop(), None
        while True:
            requests = [left or await self.waiting.get()]
            clips, left = list(requests[0][0]), None
            while not self.waiting.empty():
                request = self.waiting.get_nowait()
                if len(clips) + len(request[0]) > self.predictor.settings.limit:
                    left = request
                    break
                requests.append(request)
                clips += request[0]
            try:
                found = await loop.run_in_executor(self.thread, self.predictor.predict, clips)
            except Exception as error:
                for _, future in requests:
                    future.set_exception(error)
                continue
            for clips, future in requests:
                future.set_result(found[:len(clips)])
                found = found[len(clips):]


def make() -> FastAPI:
    folder, settings = json.loads(os.environ["PEER"])
    batcher = Batcher(Predictor(Path(folder), Settings(**settings)))

    @asynccontextmanager
    async def lifespan(_: FastAPI):
        task = asyncio.create_task(batcher.run())
        yield
        task.cancel()

    app = FastAPI(lifespan=lifespan)

    @app.post("/predict")
    async def predict(request: Request) -> Response:
        clips = decode_clips(await request.body())
        found = orjson.dumps({"predictions": await batcher.predict(clips)})
        return Response(found, media_type="application/json")

    return app


if __name__ == "__main__":
    folder, port, settings = sys.argv[1:]
    os.environ["PEER"] = json.dumps([folder, json.loads(settings)])
    uvicorn.run("fastapi_peer:make", factory=True, host="127.0.0.1", port=int(port), loop="uvloop", http="httptools",
                workers=json.loads(settings)["workers"], log_level="warning", access_log=False)
