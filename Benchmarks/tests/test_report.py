import contextlib
import io
import json
import tempfile
import unittest
from pathlib import Path

from harness import machine, report, scratch
from harness.sample import Bar, Sample
from harness.suite import Suite


class ReportTests(unittest.TestCase):
    def setUp(self):
        self.suite = Suite("trial", rounds=2, warmups=1, say=lambda text: None)
        self.suite.add("copy 1 GiB", "cp", [Sample(0.25, 0.1, 300 << 20), Sample(0.35, 0.1, 1)], bytes=7)
        self.facts = machine.facts()

    def finish(self, strict=False):
        with tempfile.TemporaryDirectory() as directory, contextlib.redirect_stdout(io.StringIO()) as output:
            status = report.finish(self.suite, Path(directory) / "new", strict, self.facts)
            return status, output.getvalue(), json.loads((Path(directory) / "new/trial.json").read_text())

    def test_the_file_has_rows_bars_missing_and_the_machine(self):
        self.suite.bars.append(Bar("fast", 0.3, 0.5, "s"))
        self.suite.note_missing("rsync", "rsync not installed")
        status, _, content = self.finish()
        self.assertEqual(status, 0)
        self.assertEqual((content["rows"][0]["min"], content["rows"][0]["max"]), (0.25, 0.35))
        self.assertEqual(content["rows"][0]["details"], {"bytes": 7})
        bar = content["bars"][0]
        self.assertEqual((bar["name"], bar["value"], bar["bar"], bar["holds"]), ("fast", 0.3, 0.5, True))
        self.assertEqual(content["missing"], [{"tool": "rsync", "reason": "rsync not installed"}])
        self.assertEqual((content["rounds"], content["warmups"]), (2, 1))
        for fact in ("cores", "cpu", "kernel", "date"):
            self.assertTrue(content["machine"][fact], fact)

    def test_the_table_has_sizes_where_tools_left_layers(self):
        self.assertNotIn("layer bytes", self.finish()[1])
        self.suite.add("layer", "gzip", [Sample(1)], layerBytes=12345678)
        lines = self.finish()[1].splitlines()
        self.assertTrue(lines[2].endswith("layer bytes"))
        self.assertTrue(lines[4].endswith(" -"))
        self.assertTrue(lines[5].endswith("12,345,678"))

    def test_the_table_says_what_is_missing(self):
        self.suite.note_missing("rsync", "rsync not installed")
        self.assertIn("missing: rsync: rsync not installed", self.finish()[1])

    def test_a_bar_that_does_not_hold_is_loud_and_fails_only_when_strict(self):
        self.suite.bars.append(Bar("fast", 0.7, 0.5, "s"))
        status, text, content = self.finish()
        self.assertEqual(status, 0)
        self.assertIn("!!! DOES NOT HOLD  fast: at most 0.500 s: 0.700 s", text)
        self.assertIs(content["bars"][0]["holds"], False)
        self.assertEqual(self.finish(strict=True)[0], 1)

    def test_a_bar_that_was_not_measured_is_loud_and_fails_only_when_strict(self):
        self.suite.bars.append(Bar("fast", None, 0.5, "s"))
        status, text, _ = self.finish()
        self.assertEqual(status, 0)
        self.assertIn("!!! NOT MEASURED  fast", text)
        self.assertEqual(self.finish(strict=True)[0], 1)

    def test_a_failed_run_ends_with_1_and_is_told(self):
        self.suite.failed.append({"case": "copy", "tool": "cp", "reason": "disk full"})
        status, text, content = self.finish()
        self.assertEqual(status, 1)
        self.assertIn("FAILED: cp, copy: disk full", text)
        self.assertEqual(content["failed"][0]["reason"], "disk full")

    def test_nothing_measured_is_no_success(self):
        self.suite.rows.clear()
        self.assertEqual(self.finish()[0], 1)

    def test_a_peak_below_what_can_be_told_is_shown_as_such(self):
        self.facts["peakRSSFloorBytes"] = 12 << 20
        self.suite.add("nothing", "true", [Sample(0.1, 0.0, 12 << 20)])
        text = self.finish()[1]
        self.assertIn("<12.0", text)
        self.assertIn(" 300.0", text)


class ScratchTests(unittest.TestCase):
    def test_memory_is_taken_only_with_room_for_twice_the_need(self):
        with tempfile.TemporaryDirectory() as memory:
            self.assertEqual(scratch.place(1, memory, "/elsewhere"), memory)
            self.assertEqual(scratch.place(1 << 60, memory, "/elsewhere"), "/elsewhere")
        self.assertEqual(scratch.place(1, "/no/such/place", "/elsewhere"), "/elsewhere")

    def test_a_scratch_directory_is_gone_afterwards(self):
        with tempfile.TemporaryDirectory() as parent:
            with scratch.scratch(1, parent) as path:
                (Path(path) / "file").write_text("x")
            self.assertEqual(list(Path(parent).iterdir()), [])


if __name__ == "__main__":
    unittest.main()
