"""VLMEvalKit's run.py with the cluster as its model, as far as it needs no other model.

  toolkit_run.py ARGUMENTS OF run.py

Its packages' __init__ files are passed over, for they import every model and benchmark; so a
benchmark is a local table, scored as yes or no where its name says so, else as multiple choice.
"""

import importlib
import pathlib
import sys
import types

import toolkit

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "evaluation"))


def placeholder(name, **contents):
    """A module with nothing but these contents."""
    module = types.ModuleType(name)
    module.__dict__.update(contents)
    sys.modules[name] = module
    parent, _, child = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], child, module)
    return module


def build_dataset(name, **_):
    """The toolkit's rule for tables that it does not know, less the kinds that need more."""
    kind = yes_or_no.ImageYORNDataset if "yes_or_no" in name else toolkit.image_mcq.CustomMCQDataset
    return kind(dataset=name)


placeholder("torch")
placeholder("torch.distributed")
toolkit.packages["vlmeval.api"].LMDeployAPI = None
placeholder("vlmeval.config", supported_VLM={})
placeholder("vlmeval.dataset.video_dataset_config", supported_video_datasets={})
yes_or_no = importlib.import_module("vlmeval.dataset.image_yorn")
datasets = toolkit.packages["vlmeval.dataset"]
datasets.build_dataset = build_dataset
datasets.SUPPORTED_DATASETS = []
datasets.DATASET_TYPE = None
datasets.CustomMCQDataset = toolkit.image_mcq.CustomMCQDataset
datasets.ImageYORNDataset = yes_or_no.ImageYORNDataset

if __name__ == "__main__":
    from stagebeam_eval import vlmevalkit
    vlmevalkit.main()
