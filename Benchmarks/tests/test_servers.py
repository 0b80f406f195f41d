import os
import socket
import subprocess
import tempfile
import unittest
from pathlib import Path

from harness import git_server, notify, redis, servers


class ServerTests(unittest.TestCase):
    def setUp(self):
        self.directory = self.enterContext(tempfile.TemporaryDirectory())

    def test_redis_answers_and_is_gone_afterwards(self):
        with servers.redis(self.directory) as port:
            with redis.Redis(port) as client:
                entry = client.send("XADD", "stream", "*", "field", "värde\r\n")
                self.assertEqual(client.send("XRANGE", "stream", "-", "+"), [[entry, [b"field", "värde\r\n".encode()]]])
                self.assertEqual(client.send("XLEN", "stream"), 1)
                self.assertIsNone(client.send("GET", "nothing"))
                with self.assertRaisesRegex(redis.RedisError, "unknown command"):
                    client.send("NONSENSE")
        self.assertFalse(servers.accepts(port))

    def test_a_server_that_does_not_start_is_told_with_its_words(self):
        log = f"{self.directory}/log"
        with self.assertRaisesRegex(servers.CommandFailed, "it did not start: no way"):
            with servers.running(["/bin/sh", "-c", "echo no way; exit 1"], log) as process:
                servers.wait_until("it", lambda: False, process, log)

    def test_a_repository_is_cloned_over_http(self):
        root = Path(self.directory)
        git = ["git", "-c", "user.name=Test", "-c", "user.email=test@example.org"]
        subprocess.run(["git", "init", "--quiet", root / "work"], check=True)
        (root / "work/file").write_text("hello")
        subprocess.run([*git, "-C", root / "work", "add", "file"], check=True)
        subprocess.run([*git, "-C", root / "work", "commit", "--quiet", "-m", "one"], check=True)
        (root / "served").mkdir()
        subprocess.run(["git", "clone", "--quiet", "--bare", root / "work", root / "served/r.git"], check=True)
        with git_server.serve(str(root / "served")) as port:
            url = f"http://127.0.0.1:{port}/r.git"
            subprocess.run(["git", "clone", "--quiet", "--depth", "1", url, root / "copy"], check=True)
            missing = subprocess.run(["git", "ls-remote", url + "x"], capture_output=True, check=False)
        self.assertEqual((root / "copy/file").read_text(), "hello")
        self.assertNotEqual(missing.returncode, 0)


class NotifyTests(unittest.TestCase):
    def test_the_moment_of_a_line_is_told_and_silence_is_an_error(self):
        with tempfile.TemporaryDirectory() as directory, notify.NotifySocket(directory) as manager:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as daemon:
                daemon.sendto(b"STATUS=starting", manager.path)
                daemon.sendto(b"READY=1\nSTATUS=up", manager.path)
            self.assertGreater(manager.wait_for("READY=1", 5), 0)
            with self.assertRaises(TimeoutError):
                manager.wait_for("READY=1", 0.05)
        self.assertFalse(os.path.exists(manager.path))


if __name__ == "__main__":
    unittest.main()
