import tempfile
import unittest
from pathlib import Path

import layers
from harness.sample import Sample
from harness.suite import Suite


class BarTests(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        directory = Path(place.name)
        (directory / "seed").mkdir()
        tree = layers.Tree(directory / "files", directory)
        self.suite = Suite("layers", say=lambda text: None)
        self.bench = layers.Bench(self.suite, "slipway", directory / "seed", tree, "small tree")

    def bars(self):
        self.bench.add_bars()
        return {bar.name.removeprefix("small tree: "): bar for bar in self.suite.bars}

    def test_a_command_without_a_change_is_held_to_its_time_as_its_layer_phase_is(self):
        self.suite.add("small tree, no change", layers.TOOL, [Sample(0.011)])
        self.suite.add("small tree, no change, to a registry", layers.TOOL, [Sample(0.12), Sample(0.3), Sample(0.13)])
        bars = self.bars()
        self.assertAlmostEqual(bars["no change, layer"].value, 11)
        self.assertTrue(bars["no change, layer"].holds)
        self.assertAlmostEqual(bars["no change, whole command to a registry"].value, 130)
        self.assertFalse(bars["no change, whole command to a registry"].holds)

    def test_what_was_not_measured_has_no_value(self):
        self.assertTrue(all(bar.value is None and bar.holds is None for bar in self.bars().values()))


if __name__ == "__main__":
    unittest.main()
