"""LitServe before PyTorch: litserve_peer.py FOLDER PORT SETTINGS. Batches are LitServe's own."""

import json
import sys
from pathlib import Path
from typing import Annotated

import litserve
import orjson
from fastapi import Depends, Request, Response

from predictor import Predictor, decode_clips
from settings import Settings


async def body_of(request: Request) -> bytes:
    return await request.body()


class EmotionAPI(litserve.LitAPI):
    def __init__(self, folder: Path, settings: Settings):
        super().__init__(max_batch_size=settings.limit, batch_timeout=settings.wait_ms / 1e3)
        self.folder, self.settings = folder, settings

    def setup(self, device: str):
        self.predictor = Predictor(self.folder, self.settings)

    # As bytes: LitServe itself would read them with Python's own json, and pass all numbers on between processes.
    def decode_request(self, request: Annotated[bytes, Depends(body_of)]) -> list:
        return decode_clips(request)

    def batch(self, inputs: list) -> list:
        return inputs

    def predict(self, inputs: list) -> list:
        if self.settings.limit == 1:
            return self.predictor.predict(inputs)
        found = self.predictor.predict([clip for clips in inputs for clip in clips])
        return [[found.pop(0) for _ in clips] for clips in inputs]

    def unbatch(self, output: list) -> list:
        return output

    def encode_response(self, output: list) -> Response:
        return Response(orjson.dumps({"predictions": output}), media_type="application/json")


if __name__ == "__main__":
    folder, port, settings = sys.argv[1:]
    settings = Settings(**json.loads(settings))
    server = litserve.LitServer(EmotionAPI(Path(folder), settings), accelerator="cpu", timeout=120, fast_queue=True,
                                workers_per_device=settings.workers)
    server.run(host="127.0.0.1", port=int(port), num_api_servers=1, log_level="warning", generate_client_file=False,
               access_log=False)
