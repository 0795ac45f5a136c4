# A scripted visitor: writes, is cut off in the middle, resumes, and checks what it was told. See docs/protocol.md.
#
#   pip install websockets
#   python3 examples/client.py http://127.0.0.1:8080 demo
#
# Somebody must answer with "You said: …", as examples/bot does. Ends with 0 and "ok", or with 1 and what was wrong.

import json
import socket
import struct
import sys
import time
import uuid

from websockets.sync.client import connect

MESSAGES = 12
CUT_AFTER = (3, 4, 8, 12)
PATIENCE_S = 30


class Visitor:
    """A visitor in one conversation. Everything but the line itself outlives the line."""

    def __init__(self, address, site):
        self.address, self.site, self.token, self.line = address, site, None, None
        self.conversation = str(uuid.uuid4())
        self.log = []  # the shared lane: event n stands at n - 1
        self.outbox = []  # what is not acknowledged, oldest first
        self.head = 0  # the last number heard of, which may lie beyond the log
        self.asked = None  # the page that is on its way

    def connect(self):
        self.line = connect(f"ws{self.address[4:]}/socket", origin=self.address, compression=None).__enter__()
        self.asked = len(self.log) if self.log else None
        page = {"url": "", "title": "client.py", "language": "en", "time_zone": "", "browser": ""}
        hello = {"as": "visitor", "site": self.site, "token": self.token, "page": page}
        cursor = {"conversation": self.conversation, "after": {"shared": len(self.log), "staff": 0}}
        self.send({"type": "hello", "protocol": 1, "hello": hello, "follow": [cursor] if self.log else []})
        self.hear_until(lambda frame: frame["type"] == "welcome")
        if self.token is None:
            self.send({"type": "register"})
            self.token = self.hear_until(lambda frame: frame["type"] == "registered")["token"]
        for frame in self.outbox:
            self.send(frame)

    def send(self, frame):
        self.line.send(json.dumps(frame))

    def say(self, text):
        say, own = {"kind": "text", "text": text}, str(uuid.uuid4())
        self.outbox.append({"type": "say", "conversation": self.conversation, "id": own, "say": say})
        self.send(self.outbox[-1])

    def cut(self):
        """No close frame, no goodbye: a reset, as when a cable is pulled."""
        self.line.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.line.socket.shutdown(socket.SHUT_RD)  # wakes the library's reader, which holds the socket too
        self.line.socket.close()

    def fetch(self):
        if self.asked != len(self.log):
            self.asked = len(self.log)
            self.send({"type": "fetch", "conversation": self.conversation, "lane": "shared", "after": self.asked})

    def hear_until(self, wanted):
        end = time.monotonic() + PATIENCE_S
        while True:
            frame = json.loads(self.line.recv(timeout=max(0, end - time.monotonic())))
            if frame["type"] == "refused":
                raise ValueError(f"refused: {frame['refusal']['reason']}")
            self.asked = None if frame["type"] == "events" else self.asked
            events = frame.get("events", [frame["event"]] if "event" in frame else [])
            for event in events:
                if event["seq"] == len(self.log) + 1:
                    self.log.append(event)
                self.outbox = [kept for kept in self.outbox if kept["id"] != event["id"]]
            # An event may overtake the page that was asked for: it is not kept, but it is known to be there.
            self.head = max([self.head, frame.get("head", 0)] + [event["seq"] for event in events])
            if self.head > len(self.log):
                self.fetch()
            if wanted(frame):
                return frame

    def texts(self, by):
        return [event["body"]["text"] for event in self.log if event["author"]["by"] == by and "text" in event["body"]]


def main(address, site):
    visitor, said = Visitor(address, site), [f"message {number}" for number in range(1, MESSAGES + 1)]
    visitor.connect()
    for number, text in enumerate(said, 1):
        visitor.say(text)
        if number in CUT_AFTER:
            visitor.cut()
            visitor.connect()
    visitor.hear_until(lambda _: not visitor.outbox and len(visitor.texts("agent")) >= MESSAGES)
    visitor.say("bye")
    visitor.hear_until(lambda _: visitor.log[-1]["body"]["kind"] == "closed")
    # The whole log once more, as the relay keeps it.
    heard, visitor.log = visitor.log, []
    visitor.fetch()
    visitor.hear_until(lambda _: len(visitor.log) >= len(heard))
    visitor.line.close()
    checks = {
        "an event is missing or out of order": [event["seq"] for event in heard] == list(range(1, len(heard) + 1)),
        "an id was recorded twice": len({event["id"] for event in heard}) == len(heard),
        "own messages differ from what was written": visitor.texts("visitor") == said + ["bye"],
        "answers differ": visitor.texts("agent") == [f"You said: {text}" for text in said] + ["Goodbye."],
        "what was heard is not what was kept": heard == visitor.log,
        "something is not acknowledged": not visitor.outbox,
    }
    wrong = [words for words, right in checks.items() if not right]
    if wrong:
        raise ValueError("; ".join(wrong))
    return len(heard)


if __name__ == "__main__":
    try:
        print(f"ok: {main(*sys.argv[1:3])} events, {len(CUT_AFTER)} cuts, nothing lost, doubled or out of order")
    except Exception as error:
        sys.exit(f"failed: {error or type(error).__name__}")
