import unittest

from harness.command import CommandFailed
from harness.sample import Bar, Row, Sample
from harness.suite import Case, Suite, Tool


def quiet(name="test", **options):
    return Suite(name, say=lambda text: None, **options)


class SuiteTests(unittest.TestCase):
    def setUp(self):
        self.order = []

    def tool(self, name, needs=()):
        def measure(data):
            self.order.append(name + data)
            return Sample(len(self.order))

        return Tool(name, measure, needs)

    def test_tools_run_in_turn_case_by_case(self):
        suite = quiet(rounds=2, warmups=0)
        suite.compare([Case("one", "1"), Case("two", "2")], [self.tool("A"), self.tool("B")])
        self.assertEqual(self.order, ["A1", "B1", "A1", "B1", "A2", "B2", "A2", "B2"])

    def test_warm_ups_run_and_do_not_count(self):
        suite = quiet(rounds=3, warmups=2)
        suite.compare([Case("one", "1")], [self.tool("A")])
        self.assertEqual(len(self.order), 5)
        self.assertEqual(suite.find("one", "A").values, [3, 4, 5])

    def test_a_tool_that_is_not_installed_is_named(self):
        suite = quiet(rounds=1, warmups=0)
        suite.compare([Case("one", "1")], [self.tool("A"), self.tool("B", needs=["no-such-program-here"])])
        self.assertEqual(suite.missing, [{"tool": "B", "reason": "no-such-program-here not installed"}])
        self.assertEqual(self.order, ["A1"])

    def test_a_tool_that_fails_is_out_of_that_case_and_the_others_go_on(self):
        def fail(data):
            self.order.append("X" + data)
            if data == "1":
                raise CommandFailed("broken")
            return Sample(1)

        suite = quiet(rounds=2, warmups=0)
        suite.compare([Case("one", "1"), Case("two", "2")], [Tool("X", fail), self.tool("A")])
        self.assertEqual(self.order, ["X1", "A1", "A1", "X2", "A2", "X2", "A2"])
        self.assertEqual(suite.failed, [{"case": "one", "tool": "X", "reason": "broken"}])

    def test_one_run_may_tell_several_things(self):
        suite = quiet(rounds=2, warmups=0)
        parts = Tool("A", lambda data: {"clone": Sample(1), "push": Sample(2)})
        suite.compare([Case("one")], [parts])
        self.assertEqual([row.case for row in suite.rows], ["one: clone", "one: push"])
        self.assertEqual(suite.find("one: push", "A").values, [2, 2])


class RowTests(unittest.TestCase):
    def test_a_row_has_what_the_convention_names(self):
        row = Row("c", "t", samples=[Sample(3, 0.5, 10), Sample(1, 0.1, 30), Sample(2, 0.2, 20)])
        expected = {"case": "c", "tool": "t", "unit": "s", "min": 1, "median": 2, "max": 3}
        self.assertEqual(row.json() | expected | {"cpuSeconds": 0.2, "peakRSSBytes": 30}, row.json())

    def test_what_was_not_measured_is_null(self):
        row = Row("c", "t", samples=[Sample(3)])
        self.assertIsNone(row.json()["cpuSeconds"])
        self.assertIsNone(row.json()["peakRSSBytes"])

    def test_a_percentile_is_a_value_that_was_measured(self):
        row = Row("c", "t", samples=[Sample(value) for value in range(1, 201)])
        self.assertEqual(row.percentile(99), 198)
        self.assertEqual(row.percentile(100), 200)
        self.assertEqual(Row("c", "t", samples=[Sample(7)]).percentile(99), 7)


class BarTests(unittest.TestCase):
    def test_holds_on_the_bar_itself_and_on_its_good_side(self):
        for value, at_most, holds in [(5, True, True), (6, True, False), (5, False, True), (4, False, False)]:
            with self.subTest(value=value, at_most=at_most):
                self.assertIs(Bar("b", value, 5, at_most=at_most).holds, holds)

    def test_what_was_not_measured_neither_holds_nor_fails(self):
        self.assertIsNone(Bar("b", None, 5).holds)


if __name__ == "__main__":
    unittest.main()
