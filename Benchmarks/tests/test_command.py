import os
import sys
import time
import unittest

from harness import command, process


class CommandTests(unittest.TestCase):
    def test_wall_time_counts_sleeping_and_cpu_does_not(self):
        sample = command.run(["sleep", "0.2"])
        self.assertGreaterEqual(sample.value, 0.2)
        self.assertLess(sample.cpu_seconds, 0.1)

    def test_cpu_of_a_child_is_counted(self):
        burn = "import time\nend = time.process_time() + 0.3\nwhile time.process_time() < end: pass"
        sample = command.run(["/bin/sh", "-c", f"{sys.executable} -c '{burn}'; true"])
        self.assertGreaterEqual(sample.cpu_seconds, 0.3)

    def test_peak_memory_is_that_of_the_largest_child(self):
        sample = command.run(["/bin/sh", "-c", f"{sys.executable} -c 'b\"x\" * (200 << 20)'; true"])
        self.assertGreater(sample.peak_rss_bytes, 200 << 20)
        self.assertLess(sample.peak_rss_bytes, 400 << 20)

    def test_a_failure_has_the_status_and_the_last_words(self):
        with self.assertRaisesRegex(command.CommandFailed, "status 3: no such luck"):
            command.run(["/bin/sh", "-c", "echo no such luck >&2; exit 3"])

    def test_a_command_that_takes_too_long_is_ended_with_its_children(self):
        started = time.monotonic()
        with self.assertRaisesRegex(command.CommandFailed, "more than 0.2 s"):
            command.run(["/bin/sh", "-c", "sleep 60; true"], timeout=0.2)
        self.assertLess(time.monotonic() - started, 10)

    def test_variables_and_the_directory_reach_the_command(self):
        command.run(["/bin/sh", "-c", '[ "$SAY$PWD" = hello/ ]'], directory="/", environment={"SAY": "hello"})


class ProcessTests(unittest.TestCase):
    def test_memory_of_this_process_is_seen_to_grow(self):
        before = process.memory(os.getpid())
        block = b"x" * (64 << 20)
        after = process.memory(os.getpid())
        self.assertGreaterEqual(after.resident - before.resident, len(block) - (1 << 20))
        self.assertGreaterEqual(after.proportional - before.proportional, len(block) - (1 << 20))
        self.assertGreaterEqual(after.peak, after.resident)

    def test_cpu_of_this_process_is_seen_to_grow(self):
        fine, ticks = process.cpu_seconds(os.getpid()), process.cpu_ticks_seconds(os.getpid())
        end = time.process_time() + 0.2
        while time.process_time() < end:
            pass
        self.assertAlmostEqual(process.cpu_seconds(os.getpid()) - fine, 0.2, delta=0.1)
        self.assertAlmostEqual(process.cpu_ticks_seconds(os.getpid()) - ticks, 0.2, delta=0.1)


if __name__ == "__main__":
    unittest.main()
