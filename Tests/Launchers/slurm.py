"""Slurm on this machine alone, with a configuration of its own."""
import os
import shutil
import socket
import subprocess
import time

# Where Debian puts what only root starts.
PATH = os.environ.get("PATH", "") + os.pathsep + "/usr/sbin" + os.pathsep + "/sbin"

CONFIGURATION = """
ClusterName=limbic
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={control_port}
SlurmdPort={daemon_port}
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
ReturnToService=2
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} State=UNKNOWN
PartitionName=all Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Cluster:
    """Runs munged, slurmctld and slurmd from `with` on to its end."""

    def __init__(self, folder):
        self.folder = folder
        self.daemons = []
        self.environment = {"SLURM_CONF": str(folder / "slurm.conf")}

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        for name in ("", "state", "spool"):
            (self.folder / name).mkdir()
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o400)
        host = socket.gethostname().split(".")[0]
        configuration = self.folder / "slurm.conf"
        configuration.write_text(CONFIGURATION.format(
            host=host, folder=self.folder, cpus=os.cpu_count(), control_port=free_port(), daemon_port=free_port()))
        files = {"socket": "socket", "key-file": "key", "pid-file": "pid", "log-file": "log", "seed-file": "seed"}
        self.run("munged", "--foreground", "--force",
                 *(f"--{option}={self.folder}/munge.{suffix}" for option, suffix in files.items()))
        self.wait("munged", lambda: (self.folder / "munge.socket").exists())
        self.run("slurmctld", "-D", "-f", configuration)
        self.run("slurmd", "-D", "-f", configuration, "-N", host)
        self.wait("the node", lambda: self.state() == "idle")

    def state(self):
        """Of the only node, in Slurm's word."""
        answer = subprocess.run(["sinfo", "--noheader", "--format=%T"], env={**os.environ, **self.environment},
                                capture_output=True, text=True)
        return answer.stdout.strip()

    def run(self, name, *arguments):
        log = open(self.folder / f"{name}.out", "wb")
        command = [shutil.which(name, path=PATH), *map(str, arguments)]
        self.daemons.append(subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            env={**os.environ, **self.environment}))

    def wait(self, what, is_ready):
        for _ in range(600):
            if is_ready():
                return
            time.sleep(0.1)
        for path in sorted(self.folder.glob("*.out")):
            print(f"{path.name}:\n{path.read_text(errors='replace')[-2000:]}")
        raise AssertionError(f"{what} does not start")

    def stop(self):
        for daemon in reversed(self.daemons):
            daemon.terminate()
            try:
                daemon.wait(10)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
