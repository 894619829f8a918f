"""The servers that are measured, each as one process on a folder of its own."""
import base64, functools, os, pathlib, random, resource, shutil, socket, subprocess, sys, time

from . import wire

ROOT = pathlib.Path(__file__).resolve().parents[2]
TICKS = os.sysconf("SC_CLK_TCK")
PATIENCE_S = 60
# Thousands of partitions and connections: what the system allows.
resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)


@functools.cache
def peers():
    """Foreign software to compare with: shared/peers above the repository, or PEERS=FOLDER."""
    places = [os.environ.get("PEERS", ""), *(parent / "shared/peers" for parent in (ROOT, ROOT.parent, ROOT.parent.parent))]
    for place in filter(None, places):
        if (path := pathlib.Path(place)).is_dir():
            return path
    sys.exit("there is no folder shared/peers above the repository, and PEERS names none")


def cpu_of(pid):
    """User and system seconds of a process so far."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def kload():
    return str(peers() / "kload/kload")


def free_port():
    """A port that is free together with the next one, which is the controller's, and that no outgoing connection is given."""
    while True:
        port = random.randrange(10_240, 30_000)
        with socket.socket() as one, socket.socket() as two:
            try:
                one.bind(("127.0.0.1", port))
                two.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port


def published():
    """The program that ./moldau builds."""
    subprocess.run([str(ROOT / "moldau"), "--version"], check=True, stdout=subprocess.DEVNULL)
    return ROOT / "artifacts/moldau"


class Server:
    """name: what tables call it. folder: a published copy of the executable, or "apache" (4.4.0, 1 GB of heap)."""

    def __init__(self, name, folder, work, properties=(), environment=None):
        self.name, self.folder, self.work = name, str(folder), pathlib.Path(work)
        self.properties, self.environment = list(properties), dict(os.environ) | (environment or {})
        self.process = None
        self.work.mkdir(parents=True)
        self.port = free_port()
        self.file = str(self.work / "server.properties")
        self.data = self.work / "data"
        pathlib.Path(self.file).write_text("\n".join([
            "process.roles=broker,controller", "node.id=1", "controller.listener.names=CONTROLLER",
            f"listeners=PLAINTEXT://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{self.port + 1}",
            f"controller.quorum.bootstrap.servers=127.0.0.1:{self.port + 1}", "offsets.topic.replication.factor=1",
            "file.delete.delay.ms=1000", *([] if any(p.startswith("log.dirs=") for p in properties) else [f"log.dirs={self.data}"]),
            *self.properties, ""]))
        if self.is_apache:
            self.environment |= {"HEAP": "1g", "LOG_LEVEL": "ERROR"}
        id = base64.b64encode(os.urandom(16), b"xy").decode().rstrip("=")
        subprocess.run([*self._tool("storage"), "format", "--standalone", "-t", id, "-c", self.file], check=True,
                       env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    @property
    def is_apache(self):
        return self.folder == "apache"

    def _tool(self, verb):
        if self.is_apache:
            return [str(peers() / "kafka/bin/kafka"), "-V", "4.4.0", "server-start" if verb == "start" else verb]
        return [f"{self.folder}/moldau", verb]

    def start(self, patience=PATIENCE_S):
        """Returns seconds from the fork to the first answer to a request, and to the first topic with a leader."""
        begun = time.perf_counter()
        with open(self.work / "log", "ab") as log:
            self.process = subprocess.Popen([*self._tool("start"), self.file], env=self.environment, stdout=log, stderr=log)
        answered = None
        while time.perf_counter() - begun < patience:
            if self.process.poll() is not None:
                break
            try:
                answered = answered or self._first_answer() and time.perf_counter() - begun
                if answered and wire.create_topic(self.port, "ready", 1) in wire.THERE and wire.has_leaders(self.port, "ready", 1):
                    return answered, time.perf_counter() - begun
            except OSError:
                pass
            time.sleep(0.002)
        raise SystemExit(f"{self.name} does not start; its last words:\n" + (self.work / "log").read_text()[-2000:])

    def _first_answer(self):
        wire.api_versions(self.port)
        return True

    @property
    def pid(self):
        return self.process.pid

    def cpu(self):
        return cpu_of(self.pid)

    def rss_mb(self):
        for line in pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        return 0

    def files(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def topic(self, name, partitions=1, **configs):
        """A topic whose partitions have leaders."""
        error = wire.create_topic(self.port, name, partitions, configs)
        if error:
            raise SystemExit(f"{self.name} does not make topic {name}: error {error}")
        end = time.monotonic() + PATIENCE_S
        while not wire.has_leaders(self.port, name, partitions):
            if time.monotonic() > end:
                raise SystemExit(f"{self.name}: topic {name} has no leaders")
            time.sleep(0.01)

    def delete(self, *names):
        wire.delete_topics(self.port, names)

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process = None

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.process = None

    def close(self):
        """Ends it however it is, and takes its folder away."""
        if self.process:
            self.kill()
        shutil.rmtree(self.work, ignore_errors=True)


def touch_memory(work, gigabytes=4):
    """A virtual machine gets its memory from its host page by page, at the cost of whoever touches it first (2 s a GB): have it
    there before anything is measured."""
    path = pathlib.Path(work) / "warm"
    with open(path, "wb") as file:
        for _ in range(gigabytes * 1024):
            file.write(bytes(1 << 20))
    path.unlink()
