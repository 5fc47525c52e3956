"""Messages that a person can act on: they name the setting, the host or the topic, and come within the deadline."""

import unittest

from scene import Drive, SLACK_MS, ScenarioCase, protocols


class SettingsTest(ScenarioCase):
    def refused(self, key, value, code, *words):
        drive = Drive()
        try:
            answer = drive.cmd("config %s %s" % (key, value))
            self.assertEqual((answer.ok, answer.cls, answer.code), (False, "CONFIG", code), str(answer))
            for word in (key,) + words:
                self.assertIn(word, answer.message)
        finally:
            drive.stop()

    def test_an_unknown_setting_names_the_nearest(self):
        self.refused("linger.mss", "5", "UNKNOWN_SETTING", "linger.ms")
        self.refused("bootstrap.server", "a:1", "UNKNOWN_SETTING", "bootstrap.servers")

    def test_a_value_that_does_not_fit(self):
        self.refused("linger.ms", "soon", "INVALID_SETTING", "soon")
        self.refused("batch.size", "-5", "INVALID_SETTING", "-5")
        self.refused("acks", "2", "INVALID_SETTING", "2")

    def test_a_capability_that_is_not_there(self):
        self.refused("security.protocol", "SASL_SSL", "NOT_AVAILABLE", "SASL_SSL")

    def test_settings_that_contradict_each_other(self):
        with self.scene(2, start=False, delivery_timeout_ms=100, request_timeout_ms=5000) as scene:
            answer = scene.fails("new p", "CONFIG")
            self.assertIn("delivery.timeout.ms", answer.message)


class ReachTest(ScenarioCase):
    def test_unreachable_broker_is_named(self):
        with self.scene(2, start=False, max_block_ms=300) as scene:
            scene.peer.refuse()
            scene.ok("new p")
            answer = scene.fails("init 400", "RETRY")
            self.within(answer, 400)
            self.assertIn("127.0.0.1:%d" % scene.peer.port(1), answer.message)

    def test_a_broker_that_takes_connections_and_says_nothing(self):
        with self.scene(2, start=False) as scene:
            scene.peer.black_hole()
            scene.ok("new p")
            answer = scene.fails("init 800", "RETRY")
            self.within(answer, 800)
            scene.peer.black_hole(silent=False)
            scene.init()

    def test_a_host_that_does_not_exist(self):
        with self.scene(2, start=False, bootstrap_servers="no-such-host.invalid:9092", max_block_ms=300) as scene:
            scene.ok("new p")
            answer = scene.fails("init 1500", "RETRY")
            self.within(answer, 1500)
            self.assertIn("no-such-host.invalid", answer.message)

    @protocols(1, 2)
    def test_wrong_topic(self, protocol):
        with self.scene(protocol, max_block_ms=400) as scene:
            scene.init()
            scene.begin()
            answer = scene.drive.cmd("send no-such-topic - - v")
            self.assertIn((answer.cls, answer.code), (("CONFIG", "UNKNOWN_TOPIC_OR_PARTITION"),
                                                      ("RETRY", "METADATA_TIMED_OUT")), str(answer))
            self.assertIn("no-such-topic", answer.message)
            self.assertLessEqual(answer.elapsed_ms, 400 * 1.1 + SLACK_MS)
            later = scene.fails("commit 3000", "ABORT")
            self.assertIn("no-such-topic", later.message)
            scene.abort()
            scene.transaction("next")

    @protocols(1, 2)
    def test_E16_record_above_the_local_limit(self, protocol):
        with self.scene(protocol, max_request_size=1000) as scene:
            scene.init()
            scene.begin()
            answer = scene.fails("send t 0 - " + "x" * 2000, "CONFIG", "RECORD_TOO_LARGE")
            self.assertIn("max.request.size", answer.message)
            self.assertIn("1000", answer.message)
            self.prompt(answer)
            scene.fails("commit 3000", "ABORT", "RECORD_TOO_LARGE")
            scene.abort()
            scene.transaction("next")

    @protocols(1, 2)
    def test_partition_that_does_not_exist(self, protocol):
        with self.scene(protocol, max_block_ms=400) as scene:
            scene.init()
            scene.begin()
            answer = scene.drive.cmd("send t 77 - v")
            self.assertFalse(answer.ok)
            self.assertIn("77", answer.message)
            scene.drive.cmd("abort 3000")


if __name__ == "__main__":
    unittest.main()
