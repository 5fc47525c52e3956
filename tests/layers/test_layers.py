"""The checker finds what it is there for, and lets pass what is allowed."""

import pathlib
import tempfile
import unittest

import layers


def includes(path, *names):
    text = "".join(f"#include {name}\n" for name in names)
    return [what for what, _ in layers.include_breaches(path, text)]


def symbols(table):
    return [(path, what) for path, what, _ in layers.symbol_breaches(table)]


class Folders(unittest.TestCase):
    def test_a_rule_over_nothing_is_a_breach(self):
        with tempfile.TemporaryDirectory() as name:
            top = pathlib.Path(name)
            for folder in ("txn", "sdk/wire"):
                (top / folder).mkdir(parents=True)
            (top / "txn" / "end.c").write_text("")
            found = layers.missing(top)
        self.assertIn("wire", found)
        self.assertNotIn("txn", found)


class Includes(unittest.TestCase):
    def test_txn_is_freestanding(self):
        self.assertEqual(includes("txn/end.c", "<string.h>", "<stdint.h>", '"txn/state.h"', '"ktxn/error.h"'), [])
        self.assertEqual(len(includes("txn/end.c", "<stdlib.h>", "<time.h>", '"ktxn/record.h"', '"sdk/base/list.h"')), 4)

    def test_engine_has_no_system(self):
        self.assertEqual(includes("sdk/engine/broker.c", '"sdk/base/list.h"', '"sdk/wire/cursor.h"', '"sdk/error.h"'), [])
        self.assertEqual(len(includes("sdk/engine/broker.c", '"sdk/os/clock.h"', '"sdk/net/tcp.h"', "<pthread.h>",
                                      "<time.h>", '"sdk/client.h"')), 5)

    def test_only_the_sender_knows_the_transaction_manager(self):
        self.assertEqual(includes("sdk/engine/sender_txn.c", '"txn/txn.h"'), [])
        self.assertEqual(len(includes("sdk/engine/broker.c", '"txn/txn.h"')), 1)
        self.assertEqual(len(includes("sdk/producer.c", '"txn/txn.h"')), 1)

    def test_lower_layers_do_not_look_up(self):
        self.assertEqual(len(includes("sdk/wire/produce.c", '"sdk/engine/batch.h"', '"sdk/net/tcp.h"', '"txn/txn.h"')), 3)
        self.assertEqual(len(includes("sdk/net/tcp.c", '"sdk/wire/cursor.h"')), 1)
        self.assertEqual(len(includes("sdk/base/list.c", '"sdk/os/clock.h"')), 1)
        self.assertEqual(len(includes("sdk/devbroker/model.c", '"sdk/wire/cursor.h"')), 1)

    def test_the_model_of_a_broker_is_pure(self):
        self.assertEqual(includes("sdk/devbroker/model_log.c", '"sdk/base/mem.h"', '"sdk/devbroker/model.h"', "<string.h>"), [])
        self.assertEqual(len(includes("sdk/devbroker/model_log.c", '"sdk/os/clock.h"', '"sdk/devbroker/server.h"', "<time.h>",
                                      '"sdk/wire/cursor.h"')), 4)

    def test_a_new_folder_needs_a_row(self):
        self.assertEqual(len(includes("sdk/extra/thing.c", "<string.h>")), 1)


class Symbols(unittest.TestCase):
    def test_txn_calls_nothing(self):
        hook = {"sdk/engine/sender_hook.c": ({"ktxn__txn_hook"}, set())}
        allowed = {"memcpy", "memmove", "memset", "memcmp", "ktxn__txn_hook"}
        self.assertEqual(symbols({"txn/end.c": (set(), allowed), **hook}), [])
        for symbol in ("malloc", "clock_gettime", "__printf_chk", "__stack_chk_fail", "__memcpy_chk", "strlen"):
            self.assertEqual(symbols({"txn/end.c": (set(), {symbol}), **hook}), [("txn/end.c", f"uses {symbol}")])
        above = {"sdk/engine/sender.c": ({"ktxn__sender_pull"}, set())}
        self.assertEqual(symbols({"txn/end.c": (set(), {"ktxn__sender_pull"}), **above}),
                         [("txn/end.c", "uses ktxn__sender_pull of sdk/engine/sender.c")])

    def test_a_compiler_may_add_to_what_others_call(self):
        self.assertEqual(symbols({"sdk/wire/cursor.c": (set(), {"memcpy", "__memcpy_chk", "__stack_chk_fail"})}), [])

    def test_engine_does_not_reach_the_system(self):
        for symbol in ("malloc", "free", "clock_gettime", "time", "socket", "send", "pthread_mutex_lock", "fprintf", "getenv"):
            self.assertEqual(symbols({"sdk/engine/broker.c": (set(), {symbol})}), [("sdk/engine/broker.c", f"uses {symbol}")])

    def test_a_symbol_of_a_layer_above(self):
        table = {"sdk/net/tcp.c": (set(), {"ktxn__cursor_take"}), "sdk/wire/cursor.c": ({"ktxn__cursor_take"}, set())}
        self.assertEqual(symbols(table), [("sdk/net/tcp.c", "uses ktxn__cursor_take of sdk/wire/cursor.c")])


if __name__ == "__main__":
    unittest.main()
