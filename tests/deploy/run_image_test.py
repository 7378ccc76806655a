"""run_image.py: a program of an image has no more rights than in a strict pod."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
RUN_IMAGE = SOURCE / "deploy" / "docker" / "run_image.py"


def may_mount():
    """Whether this process is one that can make mounts of its own."""
    if os.geteuid() != 0:
        return False
    return subprocess.run(["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"],
                          capture_output=True).returncode == 0


@unittest.skipUnless(may_mount(), "making root file systems needs root and mounts")
class RunImage(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="stagebeam-image-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.root = self.folder / "root"
        # The machine's own programs under a root of their own.
        for name in ("dev", "proc", "tmp", "usr", "data"):
            (self.root / name).mkdir(parents=True)
        for name in ("bin", "lib", "lib64"):
            (self.root / name).symlink_to(f"usr/{name}")
        (self.root / "tmp").chmod(0o1777)
        self.configure()

    def configure(self, user="65532:65532"):
        config = {"User": user, "Env": ["PATH=/usr/bin", "COLOR=blue"],
                  "Entrypoint": ["/bin/sh", "-c"]}
        (self.folder / "image.json").write_text(json.dumps({"OCIv1": {"config": config}}))

    def run_image(self, script, *options):
        return subprocess.run(
            [sys.executable, RUN_IMAGE, "--root", self.root, "--config",
             self.folder / "image.json", "--bind", "/usr:/usr", *options, "--", script],
            capture_output=True, text=True, timeout=60)

    def test_the_program_is_the_images_user_with_no_capability(self):
        result = self.run_image("id -u; id -g; grep -E 'Cap|NoNewPrivs|Groups' /proc/self/status")
        self.assertEqual(result.returncode, 0, result.stderr)
        user, group, *rows = result.stdout.splitlines()
        self.assertEqual((user, group), ("65532", "65532"))
        status = {name: value.strip() for name, value in (row.split(":") for row in rows)}
        self.assertEqual(status.pop("NoNewPrivs"), "1")
        self.assertEqual(status.pop("Groups"), "")
        self.assertEqual(set(status.values()), {"0" * 16}, status)

    def test_nothing_can_be_written_but_what_is_bound_so(self):
        volume = self.folder / "volume"
        volume.mkdir()
        os.chown(volume, 65532, 65532)
        (self.folder / "weights").mkdir(mode=0o777)
        result = self.run_image(
            "touch /tmp/x; touch /usr/x; touch /dev/x; touch /weights/x; touch /data/x",
            "--bind", f"{volume}:/data:rw", "--bind", f"{self.folder}/weights:/weights")
        self.assertEqual(result.stderr.count("Read-only file system"), 4, result.stderr)
        self.assertEqual(os.listdir(volume), ["x"])

    def test_devices_and_environment_are_the_images(self):
        result = self.run_image("ls -m /dev; echo $COLOR $HOME; head -c 4 /dev/urandom | wc -c")
        self.assertEqual(result.stdout, "full, null, random, urandom, zero\nblue\n4\n")

    def test_the_programs_exit_is_the_callers(self):
        self.assertEqual(self.run_image("exit 7").returncode, 7)

    def test_an_image_of_roots_is_refused(self):
        for user in ("", "0:0", "nobody", "65532", "65532:0"):
            self.configure(user)
            result = self.run_image("id")
            self.assertEqual(result.returncode, 1)
            self.assertIn("must be two numbers, not root's", result.stderr)

    def test_it_leaves_no_mount(self):
        self.run_image("true")
        self.assertNotIn(str(self.root), pathlib.Path("/proc/self/mounts").read_text())


if __name__ == "__main__":
    unittest.main(verbosity=2)
