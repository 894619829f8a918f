"""What the Python clients share: reading the records to send, writing those received, and the settings given as JSON."""
import base64
import json
import sys

settings = json.loads(sys.argv[1])


def unpack(text):
    return None if text is None else base64.b64decode(text)


def pack(data):
    return None if data is None else base64.b64encode(data).decode()


def records():
    with open(settings["input"]) as lines:
        for line in lines:
            r = json.loads(line)
            yield r["p"], unpack(r["k"]), unpack(r["v"]), [(n, unpack(v)) for n, v in r["h"]]


def received(path, rows):
    """Rows are (partition, offset, key, value, headers)."""
    with open(path, "w") as out:
        for p, o, k, v, h in rows:
            row = {"p": p, "o": o, "k": pack(k), "v": pack(v), "h": [[n, pack(b)] for n, b in (h or [])]}
            out.write(json.dumps(row) + "\n")


def report(**facts):
    print(json.dumps(facts))
