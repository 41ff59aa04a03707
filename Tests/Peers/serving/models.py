"""Models made by Limbic, by trainings of an epoch over REST, and their weights for the peers."""

import json
import subprocess
import time
from pathlib import Path

from exchange import ask, ask_json
from servers import Server

FEATURES = {"text": 300, "video": 35, "audio": 74}
SMALL = {"d_model": 128, "heads": 4, "feed_forward": 256, "unimodal_blocks": 2, "multimodal_blocks": 2}
# By name, hyperparameters beside the defaults, which are the paper's, and the units of each modality.
MODELS = {"paper": ({}, 60), "small": (SMALL, 10)}


def synthesize(limbic: str, folder: Path, clips: str, units: int):
    modalities = [x for name, size in FEATURES.items() for x in ("--modalities", f"{name}:{size}:{units}")]
    subprocess.run([limbic, "dataset", "synthesize", "--out", str(folder), "--clips", clips, "--missing-rate", "0",
                    *modalities], check=True, stdout=subprocess.DEVNULL)


def upload(server: Server, folder: Path) -> str:
    """The id of the data set made of the training and validation clips of a folder."""
    dataset = ask_json(server.port, "POST", "/v1/datasets", {"name": folder.name})["id"]
    for split in ("train", "valid"):
        status, answer = ask(server.port, "PUT", f"/v1/datasets/{dataset}/splits/{split}",
                             (folder / f"{split}.npz").read_bytes(), {"Content-Type": "application/x-npz"})
        if status not in (200, 201):
            raise RuntimeError(f"{split} of {folder.name} is refused with {status}: {answer.decode()[:500]}")
    return dataset


def submit(server: Server, dataset: str, model: str, hyperparameters: dict) -> str:
    return ask_json(server.port, "POST", "/v1/jobs", {
        "dataset": dataset, "model": model, "hyperparameters": hyperparameters})["id"]


def wait(server: Server, job: str, is_over, seconds: float) -> dict:
    """Waits until something is true of a job."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        state = ask_json(server.port, "GET", f"/v1/jobs/{job}")
        if is_over(state):
            return state
        if state["status"] in ("failed", "cancelled"):
            raise RuntimeError(f"job {job} has {state['status']}: {json.dumps(state.get('error'))}")
        time.sleep(0.2)
    raise RuntimeError(f"job {job} is {state['status']} after {seconds:.0f} s")


def make(limbic: str, server: Server, name: str, precision: str, folder: Path):
    """Makes a model, and a folder with its weights and its description, for the peers."""
    hyperparameters, units = MODELS[name]
    clips = folder.with_name(f"{name}-clips")
    synthesize(limbic, clips, "8,4,0", units)
    job = submit(server, upload(server, clips), name, hyperparameters | {
        "epochs": 1, "batch_size": 8, "precision": precision})
    wait(server, job, lambda state: state["status"] == "succeeded", 600)
    folder.mkdir()
    version = ask_json(server.port, "GET", f"/v1/models/{name}/versions/1")
    (folder / "version.json").write_text(json.dumps(version))
    status, weights = ask(server.port, "GET", f"/v1/models/{name}/versions/1/weights")
    if status != 200:
        raise RuntimeError(f"the weights of {name} are answered with {status}")
    (folder / "model.safetensors").write_bytes(weights)


def probabilities(limbic: str, data: Path, name: str, body: Path) -> list[dict]:
    """What Limbic says of clips in float32, whatever precision the server predicts in."""
    found = [path.parent for path in (data / "models").rglob("config.json") if name in path.parts]
    lines = subprocess.run([limbic, "predict", "--model", str(found[0]), "--data", str(body), "--precision", "float32"],
                           check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    return [json.loads(line)["probabilities"] for line in lines]
