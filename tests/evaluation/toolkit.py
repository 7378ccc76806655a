"""VLMEvalKit itself, as far as it needs no model: its packages' __init__ files are passed over."""

import importlib
import importlib.util
import os
import pathlib
import sys
import types

PASSED_OVER = ("vlmeval", "vlmeval.api", "vlmeval.dataset", "vlmeval.dataset.utils",
               "vlmeval.utils", "vlmeval.vlm")


def package(root, name):
    """A package whose modules can be imported one by one, without importing them all."""
    module = types.ModuleType(name)
    module.__path__ = [str(root.joinpath(*name.split(".")[1:]))]
    sys.modules[name] = module
    parent, _, child = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], child, module)
    return module


os.environ["PRED_FORMAT"] = "tsv"
root = pathlib.Path(importlib.util.find_spec("vlmeval").origin).parent
packages = {name: package(root, name) for name in PASSED_OVER}
matching = importlib.import_module("vlmeval.utils.matching_util")
for name in ("can_infer", "can_infer_lego"):
    setattr(packages["vlmeval.utils"], name, getattr(matching, name))
packages["vlmeval.utils"].track_progress_rich = importlib.import_module(
    "vlmeval.utils.mp_util").track_progress_rich
# What judges; scoring by exact matching does not.
packages["vlmeval.dataset.utils"].DEBUG_MESSAGE = ""
packages["vlmeval.dataset.utils"].build_judge = None

multiple_choice = importlib.import_module("vlmeval.dataset.utils.multiple_choice")
yorn = importlib.import_module("vlmeval.dataset.utils.yorn")
vqa_eval = importlib.import_module("vlmeval.dataset.utils.vqa_eval")
image_base = importlib.import_module("vlmeval.dataset.image_base")
image_mcq = importlib.import_module("vlmeval.dataset.image_mcq")
api_base = importlib.import_module("vlmeval.api.base")
