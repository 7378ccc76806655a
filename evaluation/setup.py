"""Adds the Python modules of the public contract, made from ../proto, to what is installed."""

import pathlib
import sys

from setuptools import setup
from setuptools.command.build_py import build_py

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import stubs  # noqa: E402


class BuildWithContract(build_py):
    def run(self):
        super().run()
        stubs.generate(pathlib.Path(self.build_lib))


setup(cmdclass={"build_py": BuildWithContract})
