"""ktxn-drive from Python: start it, send commands, read answers, and end it by its process id whatever happened.

    drive = Drive({"bootstrap.servers": "127.0.0.1:9092", "transactional.id": "x"})
    drive.cmd("new p"); drive.cmd("init 5000")
    answer = drive.cmd("commit 5000"); answer.ok, answer.code, answer.cls, answer.outcome
    pending = drive.start("commit 5000"); ...; pending.wait()
    drive.stop()
"""

import os
import re
import subprocess
import threading

_PAIR = re.compile(r'(\w+)=("[^"]*"|\S+)')
_CODE = re.compile(r"(\w+)\((-?\d+)\)\Z")
_TAG = re.compile(r"&\S+ ")
# what a sanitizer's report begins with, whichever it is
_REPORT = re.compile(r"ERROR: (Address|Leak)Sanitizer|WARNING: ThreadSanitizer|runtime error:")


class DriveError(AssertionError):
    """The program did not answer, or ended badly; carries what it wrote to stderr."""


class Delivery:
    def __init__(self, words):
        self.label, self.topic, self.partition, self.offset = words[0], words[1], int(words[2]), int(words[3])
        self.code = _CODE.match(words[4]).group(1)

    def __repr__(self):
        return "%s -> %s-%d@%d %s" % (self.label, self.topic, self.partition, self.offset, self.code)


class Answer:
    """How one command ended. For an error: code (name), number, cls, broker, fatal, outcome, message."""

    def __init__(self, lines):
        self.lines, last = lines, lines[-1]
        self.ok = last.startswith("= ok")
        self.fields = {name: value.strip('"') for name, value in _PAIR.findall(last)}
        self.elapsed_ms = int(self.fields.get("elapsed_ms", 0))
        code = _CODE.match(self.fields.get("code", "OK(0)"))
        self.code, self.number = code.group(1), int(code.group(2))
        self.cls, self.outcome = self.fields.get("class", "NONE"), self.fields.get("outcome", "none")
        self.broker, self.fatal = int(self.fields.get("broker", 0)), self.fields.get("fatal") == "1"
        self.message = self.fields.get("message", "")

    def deliveries(self):
        return [Delivery(line.split()[1:]) for line in self.lines if line.startswith("delivery ")]

    def events(self):
        """[(kind, ordinal, code, outcome)] that `deliveries` took."""
        return [(kind, int(ordinal), _CODE.match(code).group(1), outcome)
                for kind, ordinal, code, outcome in (l.split()[1:] for l in self.lines if l.startswith("event "))]

    def metrics(self):
        """{name: value} of `metrics`."""
        return {name: int(value) for name, value in (l.split()[1:] for l in self.lines if l.startswith("metric "))}

    def accepted(self):
        """How many records a `sendn` handed over."""
        return next(int(line.split()[1]) for line in self.lines if line.startswith("accepted "))

    def __repr__(self):
        return "\n".join(self.lines)


class Pending:
    """A command that runs on a thread of its own."""

    def __init__(self, drive, tag):
        self._drive, self._tag = drive, tag

    def wait(self, timeout_s=40):
        return self._drive.answer(self._tag, timeout_s)

    def done(self):
        return self._drive.has_answer(self._tag)


class Drive:
    def __init__(self, config=None, binary=None):
        binary = binary or os.environ["KTXN_DRIVE"]
        self._process = subprocess.Popen([binary], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         stderr=subprocess.PIPE, bufsize=0)
        self._changed, self._lines, self._answers = threading.Condition(), {}, {}
        self._ended, self._tags, self.stderr, self.delivered, self.events = False, 0, [], [], []
        self._readers = [threading.Thread(target=self._read, daemon=True),
                         threading.Thread(target=self._read_errors, daemon=True)]
        for reader in self._readers:
            reader.start()
        self.config(config or {})

    @property
    def pid(self):
        return self._process.pid

    def config(self, settings):
        for key, value in settings.items():
            answer = self.cmd("config %s %s" % (key, value))
            if not answer.ok:
                raise DriveError(str(answer))

    def cmd(self, line, timeout_s=40):
        """Runs one command on the program's main thread and returns its Answer."""
        self._write(line)
        return self.answer("", timeout_s, line)

    def start(self, line):
        """Runs it on a thread of its own."""
        self._tags += 1
        tag = "&%d " % self._tags
        self._write(tag + line)
        return Pending(self, tag)

    def collect(self):
        """Serves callbacks; returns the deliveries since the last call. `delivered` has them all, `events` what was told."""
        answer = self.cmd("deliveries")
        found = answer.deliveries()
        self.delivered += found
        self.events += answer.events()
        return found

    def answer(self, tag, timeout_s, line=""):
        with self._changed:
            self._changed.wait_for(lambda: self._answers.get(tag) or self._ended, timeout_s)
            if not self._answers.get(tag):
                raise DriveError("no answer in %g s to: %s\n%s" % (timeout_s, tag + line, self.errors()))
            return self._answers[tag].pop(0)

    def has_answer(self, tag):
        with self._changed:
            return bool(self._answers.get(tag))

    def errors(self):
        return "".join(self.stderr)

    def kill(self):
        """SIGKILL, as a crash."""
        self._process.kill()
        self._process.wait()

    def stop(self, timeout_s=15):
        """Ends the program in order; DriveError when it doesn't end well or a sanitizer had something to say."""
        if self._process.poll() is None:
            self._write("quit")
            try:
                self._process.wait(timeout_s)
            except subprocess.TimeoutExpired:
                self.kill()
                self._finish()
                raise DriveError("did not end within %g s after quit\n%s" % (timeout_s, self.errors())) from None
        self._finish()
        if self._process.returncode not in (0, -9) or _REPORT.search(self.errors()):
            raise DriveError("exit code %d\n%s" % (self._process.returncode, self.errors()))

    def _finish(self):
        for reader in self._readers:
            reader.join(5)
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            stream.close()

    def _write(self, line):
        try:
            self._process.stdin.write(line.encode() + b"\n")
        except (BrokenPipeError, ValueError):
            self._process.wait(5)
            raise DriveError("ended with %s before: %s\n%s" % (self._process.returncode, line, self.errors())) from None

    def _read(self):
        for raw in self._process.stdout:
            line = raw.decode("utf-8", "replace").rstrip("\n")
            found = _TAG.match(line)
            tag = found.group(0) if found else ""
            with self._changed:
                lines = self._lines.setdefault(tag, [])
                lines.append(line[len(tag):])
                if lines[-1].startswith("= "):
                    self._answers.setdefault(tag, []).append(Answer(self._lines.pop(tag)))
                    self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _read_errors(self):
        for raw in self._process.stderr:
            self.stderr.append(raw.decode("utf-8", "replace"))
