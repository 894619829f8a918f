"""What the members of a group in Python have in common: lines of JSON about what they have and read, until standard
input ends; then they leave the group."""
import json
import sys
import threading

bootstrap, group, topic, strategy = sys.argv[1:5]
ended = threading.Event()


def watch():
    sys.stdin.read()
    ended.set()


threading.Thread(target=watch, daemon=True).start()


def tell(**what):
    print(json.dumps(what), flush=True)
