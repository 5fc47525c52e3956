"""The requests of the transaction protocol, a function each: `send` takes (key, version, body, flexible) and returns a Reader
of the answer. Codes are returned, not judged, and nothing is sent twice. Versions: what 2.8 to 4.4 all speak, and those of
Transactions V2 (KIP-890)."""

from collections import namedtuple

from codec import Writer

Answer = namedtuple("Answer", "code producer offset", defaults=(None, None))
Producer = namedtuple("Producer", "producer_id epoch")

V1, V2 = 1, 2
PRODUCE, END_TXN, OFFSET_COMMIT = {V1: 9, V2: 12}, {V1: 3, V2: 5}, {V1: 3, V2: 5}


def init_request(transactional_id, timeout_ms=60000, producer=(-1, -1)):
    return 22, 4, Writer(True).string(transactional_id).put("iqh", timeout_ms, *producer).tags().done(), True


def init_producer_id(send, *arguments):
    answer = send(*init_request(*arguments))
    _, code, producer_id, epoch = answer.get("ihqh")
    return Answer(code, Producer(producer_id, epoch))


def add_partitions(send, transactional_id, producer, topic, partitions):
    """The code is the first partition's that has one."""
    body = Writer(True).string(transactional_id).put("qh", *producer)
    body.array([topic], lambda name: body.string(name).array(partitions, lambda i: body.put("i", i)).tags()).tags()
    answer = send(24, 3, body.done(), True)
    answer.get("i")
    return Answer(_first_code(answer))


def _first_code(answer):
    codes = []

    def partition():
        codes.append(answer.get("ih")[1])
        answer.tags()

    answer.array(lambda: (answer.string(), answer.array(partition), answer.tags()))
    return next(filter(None, codes), 0)


def add_offsets(send, transactional_id, producer, group):
    body = Writer(True).string(transactional_id).put("qh", *producer).string(group).tags().done()
    answer = send(25, 3, body, True)
    return Answer(answer.get("ih")[1])


def commit_offset(send, transactional_id, producer, group, topic, offset, version=OFFSET_COMMIT[V1]):
    """Of partition 0, without a member. `send` goes to the group's coordinator."""
    body = Writer(True).string(transactional_id).string(group).put("qhi", *producer, -1).string("").string(None)

    def partition(index):
        body.put("iqi", index, offset, -1).string(None).tags()

    body.array([topic], lambda name: body.string(name).array([0], partition).tags()).tags()
    answer = send(28, version, body.done(), True)
    answer.get("i")
    return Answer(_first_code(answer))


def end_txn(send, transactional_id, producer, commit, version=END_TXN[V1]):
    """The producer is the identity to go on with, or None where the version has none."""
    body = Writer(True).string(transactional_id).put("qh?", *producer, commit).tags().done()
    answer = send(26, version, body, True)
    _, code = answer.get("ih")
    return Answer(code, Producer(*answer.get("qh")) if version >= END_TXN[V2] else None)


def produce(send, transactional_id, topic, partition, batch, version=PRODUCE[V1]):
    body = Writer(True).string(transactional_id).put("hi", -1, 10000)
    body.array([topic], lambda name: body.string(name).array(
        [batch], lambda data: body.put("i", partition).bytes(data).tags()).tags()).tags()
    answer = send(0, version, body.done(), True)
    found = []

    def one():
        _, code, offset, _, _ = answer.get("ihqqq")
        answer.array(lambda: (answer.get("i"), answer.string(), answer.tags()))
        answer.string()
        answer.tags()
        found.append(Answer(code, None, offset))

    answer.array(lambda: (answer.string(), answer.array(one), answer.tags()))
    return found[0]
