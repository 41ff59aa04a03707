"""The Open Inference Protocol of a running server, as the stock tritonclient speaks it.

    python triton.py URL MODEL KEY

The model has the modalities audio, text and video, and two versions; the key has the scope admin.
"""

import sys

import numpy as np
import requests
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

url, model = sys.argv[1], sys.argv[2]
authorization = {"Authorization": f"Bearer {sys.argv[3]}"}
client = triton.InferenceServerClient(url.removeprefix("http://"))


class Key(triton.InferenceServerClientPlugin):
    def __call__(self, request):
        request.headers.update(authorization)


client.register_plugin(Key())
random = np.random.default_rng(7)


def tensor(name, array, binary=True):
    datatype = {np.dtype("float32"): "FP32", np.dtype("int32"): "INT32", np.dtype("float64"): "FP64"}[array.dtype]
    tensor = triton.InferInput(name, list(array.shape), datatype)
    tensor.set_data_from_numpy(array, binary_data=binary)
    return tensor


def infer(arrays, binary=True, answer=None, **options):
    """`answer`: whether it is asked for in binary; None for what the client does by itself."""
    outputs = None if answer is None else [triton.InferRequestedOutput("probabilities", binary_data=answer)]
    inputs = [tensor(name, array, binary) for name, array in arrays.items()]
    return client.infer(model, inputs, outputs=outputs, **options)


def refuses(words, call):
    try:
        call()
    except InferenceServerException as error:
        assert words in error.message(), error.message()
    else:
        raise AssertionError(f"nothing was refused: {words}")


def predict(arrays):
    """The same clips over /v1, as [B, K]."""
    clips = []
    for row in range(len(next(iter(arrays.values())))):
        lengths = {name: arrays.get(f"{name}_length", [array.shape[1]] * len(array))[row]
                   for name, array in arrays.items() if not name.endswith("_length")}
        clips.append({name: arrays[name][row, :length].tolist() for name, length in lengths.items()})
    answer = requests.post(f"{url}/v1/models/{model}/predict", json={"clips": clips}, headers=authorization).json()
    return np.array([[clip["probabilities"][label] for label in labels] for clip in answer["predictions"]], "float32")


# Health and metadata.
assert client.is_server_live() and client.is_server_ready()
server = client.get_server_metadata()
assert server["name"] == "limbic" and "binary_tensor_data" in server["extensions"], server
metadata = client.get_model_metadata(model)
assert metadata["versions"] == ["1", "2"] and metadata["platform"] == "limbic", metadata
assert client.get_model_metadata(model, "1")["versions"] == ["1"]
assert client.is_model_ready(model) and client.is_model_ready(model, "2")
assert not client.is_model_ready(model, "3") and not client.is_model_ready("none")
labels = metadata["outputs"][0]["parameters"]["labels"]
sizes = {entry["name"]: entry["shape"][2] for entry in metadata["inputs"] if entry["datatype"] == "FP32"}
assert set(sizes) == {"audio", "text", "video"} and metadata["outputs"][0]["shape"] == [-1, len(labels)]

# Inference, in every form, to the bit.
arrays = {name: random.standard_normal((3, 5, size), "float32") for name, size in sizes.items()}
arrays["text_length"] = np.array([5, 0, 2], "int32")
expected = predict(arrays)
assert expected.shape == (3, len(labels)) and ((0 < expected) & (expected < 1)).all()
for binary in (True, False):
    for answer in (None, True, False):
        for request_coding in (None, "gzip", "deflate"):
            for response_coding in (None, "gzip", "deflate"):
                result = infer(
                    arrays, binary, answer, request_id="r1",
                    request_compression_algorithm=request_coding, response_compression_algorithm=response_coding)
                assert (result.as_numpy("probabilities") == expected).all()
                assert result.get_response()["id"] == "r1" and result.get_response()["model_version"] == "2"
one = infer(arrays, model_version="1")
assert one.get_response()["model_version"] == "1" and one.as_numpy("probabilities").shape == expected.shape
many = {name: random.standard_normal((300, 2, size), "float32") for name, size in sizes.items()}
assert (infer(many, response_compression_algorithm="gzip").as_numpy("probabilities") == predict(many)).all()
without = {name: array for name, array in arrays.items() if not name.startswith("text")}
missing = infer(without).as_numpy("probabilities")
assert (missing == predict(without)).all() and (missing[1] == expected[1]).all() and (missing[0] != expected[0]).any()
assert (infer(arrays, priority=1, timeout=60_000_000).as_numpy("probabilities") == expected).all()
assert (client.async_infer(model, [tensor("audio", arrays["audio"])]).get_result().as_numpy("probabilities")).shape

# Errors have our words.
text, size = arrays["text"], sizes["text"]
refuses("no model", lambda: client.infer("none", [tensor("text", text)]))
refuses("no version", lambda: infer({"text": text}, model_version="3"))
refuses("no such input", lambda: infer({"smell": text}))
refuses("must be FP32", lambda: infer({"text": text.astype("float64")}))
refuses(f"not {size}", lambda: infer({"text": text[:, :, :1].copy()}))
refuses("but audio has 3", lambda: infer({"audio": arrays["audio"], "text": text[:2]}))
refuses("no such output", lambda: client.infer(model, [tensor("text", text)], outputs=[triton.InferRequestedOutput("x")]))
refuses("classification", lambda: client.infer(
    model, [tensor("text", text)], outputs=[triton.InferRequestedOutput("probabilities", class_count=1)]))
refuses("no sequences", lambda: infer({"text": text}, sequence_id=5))
refuses("no such parameter", lambda: infer({"text": text}, parameters={"mood": 1}))
refuses("row 1", lambda: infer({"text": text, "text_length": np.array([1, 6, 1], "int32")}))
broken = text.copy()
broken[2, 1, 0] = np.nan
refuses("text, row 2, unit 1, feature 0", lambda: infer({"text": broken}))
refuses("was not ready in the time", lambda: infer(many, timeout=1))

# The repository.
states = {entry["version"]: entry["state"] for entry in client.get_model_repository_index() if entry["name"] == model}
assert states == {"1": "READY", "2": "READY"}, states
client.unload_model(model)
assert not client.is_model_ready(model)
entry = next(entry for entry in client.get_model_repository_index() if entry["name"] == model)
assert entry["state"] == "UNAVAILABLE" and entry["reason"], entry
client.load_model(model)
assert client.is_model_ready(model)
refuses("no model", lambda: client.load_model("none"))
refuses("no model", lambda: client.unload_model("none"))
refuses("config", lambda: client.load_model(model, config="{}"))
assert (infer(arrays).as_numpy("probabilities") == expected).all()
print(f"tritonclient: {model} answers as it should")
