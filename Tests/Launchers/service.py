"""`limbic serve` behind a launcher, and the processes of its workers."""
import json
import os
import pathlib
import subprocess
import time
import urllib.request

# Straight to the service, whatever proxy the environment names.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Worker:
    """A process `limbic worker`, which need not be a child of the service."""

    def __init__(self, process):
        self.process = process
        self.started = self.stat()[19]
        self.parent = pathlib.Path(f"/proc/{self.stat()[1]}/comm").read_text().strip()

    def stat(self):
        """The fields of /proc/PID/stat after the name of the program (man 5 proc)."""
        return pathlib.Path(f"/proc/{self.process}/stat").read_text().rpartition(")")[2].split()

    def wait_for_end(self, seconds):
        for _ in range(seconds * 10):
            try:
                state = self.stat()
            except (FileNotFoundError, ProcessLookupError):
                return
            if state[0] == "Z" or state[19] != self.started:
                return
            time.sleep(0.1)
        raise AssertionError(f"the worker is still there after {seconds} s")


class Service:
    """A service on a data directory in `folder`."""

    def __init__(self, limbic, root, folder, launcher, environment):
        self.limbic = limbic
        self.log = folder / "service.log"
        self.data = folder / "data"
        self.command = [
            limbic, "serve", "--port", "0", "--data-dir", self.data, "--migrations", root / "Migrations",
            "--public", root / "Public", "--launcher", launcher, "--drain-seconds", "20", "--shutdown-delay", "0",
            "--training-threads", "1",
        ]
        self.environment = {**os.environ, **environment}
        self.process = None
        self.start()

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.command, stdout=subprocess.PIPE, stderr=log, stdin=subprocess.DEVNULL, env=self.environment)
        line = self.process.stdout.readline().decode()
        if "listening on " not in line:
            raise AssertionError("the service does not start")
        self.address = line.split()[-1]

    def end(self, signal):
        """Sends a signal, and returns the status that the service ends with."""
        self.process.send_signal(signal)
        return self.process.wait(60)

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def request(self, method, path, body=None, content_type="application/json"):
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, body, {"Content-Type": content_type}, method=method)
        with OPENER.open(request, timeout=60) as answer:
            return json.loads(answer.read() or b"null")

    def upload(self, folder):
        """Makes a data set of the files in a folder, and returns its id."""
        dataset = self.request("POST", "/v1/datasets", {"name": "made up"})["id"]
        for split in ("train", "valid", "test"):
            bytes = (folder / f"{split}.npz").read_bytes()
            self.request("PUT", f"/v1/datasets/{dataset}/splits/{split}", bytes, "application/octet-stream")
        return dataset

    def submit(self, dataset, hyperparameters):
        job = {"dataset": dataset, "model": "emo", "max_attempts": 1, "hyperparameters": hyperparameters}
        return self.request("POST", "/v1/jobs", job)["id"]

    def wait(self, job, condition):
        """The job, as soon as it is as wanted."""
        for _ in range(1200):
            state = self.request("GET", f"/v1/jobs/{job}")
            if condition(state):
                return state
            if state["status"] in ("succeeded", "failed", "cancelled"):
                raise AssertionError(f"the job has {state['status']}: {state.get('error')}")
            time.sleep(0.1)
        raise AssertionError(f"the job is not as it should be after two minutes: {json.dumps(state)[:2000]}")

    def event(self, job, kind):
        """The first event of a kind, as soon as it is there."""
        for _ in range(1200):
            after = 0
            while events := self.request("GET", f"/v1/jobs/{job}/events?after={after}&limit=1000")["data"]:
                for event in events:
                    if event["kind"] == kind:
                        return event
                after = events[-1]["sequence"]
            time.sleep(0.1)
        raise AssertionError(f"the job has no event {kind} after two minutes")

    def worker(self):
        """The worker that runs on this service's data."""
        for process in filter(str.isdigit, os.listdir("/proc")):
            try:
                words = pathlib.Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
                program = pathlib.Path(f"/proc/{process}/exe").resolve()
                if words[1:2] != [b"worker"] or program != self.limbic:
                    continue
                files = {os.readlink(entry.path) for entry in os.scandir(f"/proc/{process}/map_files")}
                if any(file.startswith(f"{self.data}/") for file in files):
                    return Worker(int(process))
            except OSError:
                continue
        raise AssertionError("there is no worker")

    def show_log(self):
        print(f"the end of {self.log}:\n{self.log.read_text(errors='replace')[-3000:]}")
        for path in sorted((self.data / "logs").glob("*.log")):
            print(f"{path.name}:\n{path.read_text(errors='replace')[-1000:]}")
