"""The fault script: which request meets what. Actions are made by the functions below and given to Peer.on()."""


class Plan:
    """What is to happen to one request. The default is a healthy broker's: apply, answer."""

    def __init__(self):
        self.hold_ms = 0        # before applying
        self.gate = None        # the same, until it is opened
        self.late_ms = 0        # between applying and answering
        self.calls = []         # before applying
        self.apply = True
        self.forced = {}        # codes that replace the model's, not applied
        self.disguise = None    # applied, but this code is answered
        self.patches = []       # on the finished answer
        self.fate = "answer"    # answer, drop, close, reset, cut, raw
        self.close_after = False
        self.reset = False      # the close that follows is a RST
        self.cut, self.raw, self.throttle_ms = 0, b"", None
        self.names = []


def _action(name, **fields):
    def act(plan):
        plan.names.append(name)
        for field, value in fields.items():
            setattr(plan, field, value)
    return act


def error(code):
    """Answer that code everywhere in the answer, without applying."""
    return _action("error %d" % code, forced={None: code})


def error_per_partition(table):
    """{(topic, partition): code}: those are not applied and get their code; the others are served."""
    return _action("error %r" % table, forced=dict(table))


def error_applied(code):
    """Apply, then answer that code everywhere, as a broker does that failed after its log took the change."""
    return _action("applied, error %d" % code, disguise=code)


def hold(ms):
    """Wait, then apply and answer."""
    return _action("hold %d ms" % ms, hold_ms=ms)


def wait_for_gate(gate):
    """Wait until the test opens the gate (Peer.gate()), then apply and answer."""
    return _action("gate", gate=gate)


def delay(ms):
    """Apply at once, answer later."""
    return _action("delay %d ms" % ms, late_ms=ms)


def drop():
    """Apply, never answer; the connection stays open."""
    return _action("drop", fate="drop")


def drop_unapplied():
    """Neither apply nor answer; the connection stays open."""
    return _action("drop unapplied", fate="drop", apply=False)


def close_before():
    """Close the connection instead of applying."""
    return _action("close before", fate="close", apply=False)


def reset_before():
    """The same with RST."""
    return _action("reset before", fate="reset", apply=False)


def close_after():
    """Apply, close without an answer."""
    return _action("close after", fate="close")


def reset_after():
    """The same with RST."""
    return _action("reset after", fate="reset")


def answer_then_close():
    """Apply and answer, then close: the next request on this connection meets a closed one."""
    return _action("answer, close", close_after=True)


def cut(size):
    """Apply, send the first `size` bytes of the answer (its length field counts), close."""
    return _action("cut after %d" % size, fate="cut", cut=size)


def cut_reset(size):
    """The same, ended by RST."""
    return _action("cut after %d, reset" % size, fate="cut", cut=size, reset=True)


def raw(data):
    """Apply, answer these bytes instead."""
    return _action("raw %d bytes" % len(data), fate="raw", raw=data)


def throttle(ms):
    """Answer with that throttle time (KIP-219)."""
    return _action("throttle %d ms" % ms, throttle_ms=ms)


def call(function):
    """function(peer, request) before the request is applied; the world may be changed in it."""
    def act(plan):
        plan.names.append("call")
        plan.calls.append(function)
    return act


def patch(function):
    """function(answer): changes the finished answer in place."""
    def act(plan):
        plan.names.append("patch")
        plan.patches.append(function)
    return act


def move_coordinator(node=None):
    """The transaction's coordinator moves (to the next node) just before the request is applied."""
    return call(lambda peer, request: peer.move_coordinator(request.body["transactional_id"], node))


def move_group_coordinator(node=None):
    return call(lambda peer, request: peer.move_group_coordinator(request.body["group_id"], node))


class Rule:
    """Applies to requests of one API (optionally one command of it) from the `nth` that matches on, `times` of them."""

    def __init__(self, api, actions, nth=1, times=1, when=None, node=None, version=None):
        self.api, self.actions, self.when, self.node, self.version = api, actions, when, node, version
        self.skip, self.left, self.hits = nth - 1, times, 0

    def take(self, request):
        """True if this request is one of the rule's."""
        if self.api not in (request.api, request.name) or (self.node is not None and request.node != self.node):
            return False
        if self.version is not None and request.version != self.version:
            return False
        if self.left == 0 or (self.when is not None and not self.when(request)):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.left is not None:
            self.left -= 1
        self.hits += 1
        return True
