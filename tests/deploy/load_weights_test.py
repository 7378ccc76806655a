"""load-weights: a checkpoint arrives whole and right, or not at all."""

import functools
import hashlib
import http.server
import os
import pathlib
import shutil
import subprocess
import tempfile
import threading
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = SOURCE / "deploy" / "docker" / "load_weights.sh"
FILES = {"config.json": b'{"model_type": "mllama"}', "model-1.safetensors": b"\x01" * 300_000,
         "model-2.safetensors": b"\x02" * 200_000}


class Handler(http.server.SimpleHTTPRequestHandler):
    """A server of files and ends of files, which notes what it is asked for and
    may want a token."""

    def do_GET(self):
        self.server.asked.append(pathlib.PurePosixPath(self.path).name)
        wanted = self.server.token
        if wanted and self.headers.get("Authorization") != f"Bearer {wanted}":
            self.send_error(401)
        elif "Range" in self.headers:
            self.send_end(int(self.headers["Range"].removeprefix("bytes=").removesuffix("-")))
        else:
            super().do_GET()

    def send_end(self, start):
        data = pathlib.Path(self.translate_path(self.path)).read_bytes()
        if start >= len(data):
            self.send_error(416)
            return
        self.server.continued.append(start)
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        self.wfile.write(data[start:])

    def log_message(self, *_):
        pass


def list_of(files):
    return "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in files.items())


class LoadWeights(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="stagebeam-weights-")
        self.addCleanup(folder.cleanup)
        self.source = pathlib.Path(folder.name) / "source"
        self.volume = pathlib.Path(folder.name) / "volume"
        self.target = self.volume / "reference"
        self.source.mkdir()
        self.volume.mkdir()
        self.write(FILES)
        self.serve()

    def serve(self):
        handler = functools.partial(Handler, directory=self.source)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.asked, self.server.continued, self.server.token = [], [], None
        thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.address = f"http://127.0.0.1:{self.server.server_port}/"

    def write(self, files):
        for name, data in files.items():
            (self.source / name).write_bytes(data)
        (self.source / "SHA256SUMS").write_text(list_of(files))

    def load(self, source=None, **environment):
        return subprocess.run(["bash", SCRIPT, source or self.address, self.target],
                              capture_output=True, text=True, timeout=60,
                              env={**os.environ, **environment})

    def loaded(self):
        return {path.name: path.read_bytes() for path in self.target.iterdir()
                if path.name != "SHA256SUMS"}

    def assert_loaded(self, files, result):
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(self.loaded(), files)
        self.assertEqual(os.listdir(self.volume), ["reference"])

    def test_every_file_arrives_over_http(self):
        self.assert_loaded(FILES, self.load())

    def test_every_file_arrives_from_a_directory(self):
        self.assert_loaded(FILES, self.load(self.source))

    def test_what_is_there_and_right_is_not_fetched_again(self):
        self.load()
        changed = {**FILES, "config.json": b"{}"}
        self.write(changed)
        self.server.asked.clear()
        self.assert_loaded(changed, self.load())
        self.assertEqual(self.server.asked, ["SHA256SUMS", "config.json"])

    def test_a_file_that_is_gone_from_the_list_goes(self):
        self.load()
        fewer = {"config.json": FILES["config.json"]}
        self.write(fewer)
        self.assert_loaded(fewer, self.load())

    def test_a_wrong_file_leaves_nothing_to_start_from(self):
        (self.source / "model-2.safetensors").write_bytes(b"\x03" * 200_000)
        result = self.load()
        self.assertEqual(result.returncode, 1)
        self.assertIn("model-2.safetensors does not have the digest", result.stderr)
        self.assertFalse(self.target.exists())

    def test_a_failed_load_leaves_the_checkpoint_of_before(self):
        self.load()
        self.write({**FILES, "config.json": b"{}"})
        (self.source / "config.json").unlink()
        result = self.load()
        self.assertEqual(result.returncode, 1)
        self.assertIn("cannot fetch", result.stderr)
        self.assertEqual(self.loaded(), FILES)

    def leave_draft(self, name, data):
        draft = self.volume / "reference.loading"
        draft.mkdir()
        (draft / name).write_bytes(data)

    def test_a_download_that_broke_off_goes_on_where_it_stopped(self):
        self.leave_draft("model-1.safetensors", FILES["model-1.safetensors"][:1000])
        self.assert_loaded(FILES, self.load())
        self.assertEqual(self.server.continued, [1000])

    def test_a_download_that_went_wrong_starts_again(self):
        for data in (b"\x09" * 1000, b"\x09" * 300_000):
            with self.subTest(size=len(data)):
                self.leave_draft("model-1.safetensors", data)
                self.assert_loaded(FILES, self.load())
                shutil.rmtree(self.target)

    def test_the_token_of_a_file_is_sent(self):
        self.server.token = "secret"
        self.assertIn("cannot fetch", self.load().stderr)
        token = self.volume.parent / "token"
        token.write_text("secret\n")
        self.assert_loaded(FILES, self.load(WEIGHTS_TOKEN_FILE=str(token)))

    def test_a_list_that_leads_out_of_the_directory_is_refused(self):
        digest = hashlib.sha256(b"").hexdigest()
        for name in ("../escaped", "/etc/escaped", ".hidden", "sub/escaped"):
            (self.source / "SHA256SUMS").write_text(f"{digest}  {name}\n")
            result = self.load()
            self.assertEqual(result.returncode, 1)
            self.assertIn(f"'{name}' is no plain file name", result.stderr)
            self.assertFalse(self.target.exists())

    def test_a_source_without_a_list_is_refused(self):
        (self.source / "SHA256SUMS").unlink()
        result = self.load()
        self.assertEqual(result.returncode, 1)
        self.assertIn("SHA256SUMS", result.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
