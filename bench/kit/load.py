"""The load generators: Moldau.Load (this repository's client), kload (a neutral one, Go) and raw (C, requests made beforehand)."""
import json, pathlib, resource, subprocess, tempfile

from . import servers

BIN = "bin/Release/net10.0/Moldau.Load"


class Generators:
    """Builds what is not there yet; work is a folder for what is compiled and for requests."""

    def __init__(self, work, build=True):
        self.work = pathlib.Path(work)
        bench = servers.ROOT / "bench"
        self.moldau = str(bench / "Moldau.Load" / BIN)
        if build:
            subprocess.run(["dotnet", "build", str(bench / "Moldau.Load"), "-c", "Release", "--nologo", "-v", "q"], check=True,
                           stdout=subprocess.DEVNULL)
        for name in ("raw", "loop", "sendfile"):
            subprocess.run(["gcc", "-O2", "-Wall", "-pthread", "-o", str(self.work / name), str(bench / f"c/{name}.c")], check=True)

    def failing_calls(self):
        """The library that makes a server's file calls fail or slow."""
        path = self.work / "failing-calls.so"
        if not path.exists():
            source = str(servers.ROOT / "tests/tools/failing-calls.c")
            subprocess.run(["gcc", "-shared", "-fPIC", "-O2", "-o", str(path), source, "-ldl"], check=True)
        return str(path)

    def load(self, server, mode, topic, **options):
        """One run of Moldau.Load against a server; cpu is the client's, server_cpu the server's, both of the counted time."""
        return last_line(self.start(server, mode, topic, **options))

    def start(self, server, mode, topic, **options):
        """The same, not waited for."""
        words = [f"{name}={value}" for name, value in options.items()]
        return subprocess.Popen([self.moldau, mode, f"bootstrap=127.0.0.1:{server.port}", f"topic={topic}", f"server={server.pid}", *words],
                                stdout=subprocess.PIPE, text=True)

    def kload(self, server, mode, topic, **options):
        """One run of kload, with the CPU time of both sides over the whole of it."""
        words = [word for name, value in options.items() for word in (f"-{name}", str(value))]
        before, child = server.cpu(), resource.getrusage(resource.RUSAGE_CHILDREN)
        answer = last_line(subprocess.Popen([servers.kload(), "-b", f"127.0.0.1:{server.port}", "-mode", mode, "-topic", topic, *words],
                                        stdout=subprocess.PIPE, text=True))
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        answer["server_cpu"] = server.cpu() - before
        answer["cpu"] = after.ru_utime + after.ru_stime - child.ru_utime - child.ru_stime
        return answer

    def raw(self, port, pid, frames, **options):
        """One run of raw; the server's CPU time is of the whole of it, so without a warm-up it is exact."""
        with tempfile.NamedTemporaryFile(dir=self.work) as file:
            file.write(b"".join(frames))
            file.flush()
            words = [f"{name}={value}" for name, value in options.items()]
            before = servers.cpu_of(pid)
            answer = last_line(subprocess.Popen([str(self.work / "raw"), str(port), file.name, *words], stdout=subprocess.PIPE, text=True))
            answer["server_cpu"] = servers.cpu_of(pid) - before
        if answer["failed"]:
            raise SystemExit(f"raw: {answer['failed']} requests were answered with an error")
        return answer


def last_line(process):
    """What a program says in JSON when it ends."""
    text, _ = process.communicate()
    if process.returncode:
        raise SystemExit(f"{' '.join(map(str, process.args))}: ended with {process.returncode}\n{text}")
    return json.loads(text.splitlines()[-1])
