"""The cluster as a model of VLMEvalKit, for its benchmarks, its driver and its own scoring.

  python -m stagebeam_eval.vlmevalkit --model stagebeam --data MMStar HallusionBench ...

runs the toolkit's run.py with the model registered; everything after the module's name is run.py's.
"""

import functools
import hashlib
import os
import threading
import types
import uuid

import grpc
from stagebeam.orchestrator.v1 import orchestrator_pb2 as pb
from vlmeval.api.base import BaseAPI

from stagebeam_eval import asking, policies, settings

PROMPTS = ("dataset", "llava-cot")
# What the toolkit calls the authors' checkpoint; its prompts depend on it.
LLAVA_COT = "Xkev/Llama-3.2V-11B-cot"


class Stagebeam(BaseAPI):
    """Answers with the conclusion alone. Thread-safe, as the toolkit asks several at a time.

    An error that is a question's own comes out as the toolkit's failure message with the reason
    behind it, which it counts, and asks again when it goes on with a run.
    """

    is_api = True
    INTERLEAVE = False
    allowed_types = ["text", "image"]

    def __init__(self, server=None, prompts="dataset", timeout=300, patience=300, verbose=False,
                 **options):
        """`server`: the orchestrator's host:port, else STAGEBEAM_SERVER; `prompts`: "dataset", as
        the toolkit words a benchmark for every model, or "llava-cot", as for the authors'
        checkpoint; `timeout`, `patience`: as asking.Client; `options`: how to search, by the names
        of `stagebeam-eval run`: strategy, candidates, survivors, judge, temperature and so on.

        ValueError names the argument that makes no sense.
        """
        super().__init__(retry=1, wait=0, verbose=verbose)  # The client knows what to ask again.
        if prompts not in PROMPTS:
            raise ValueError(f"prompts: must be one of {', '.join(PROMPTS)}, got {prompts!r}")
        self.prompts = prompts
        self.run = {"id": uuid.uuid4().hex, **settings.from_options(**options)}
        server = server or os.environ.get("STAGEBEAM_SERVER", "127.0.0.1:50051")
        self.stop, self.refusal = threading.Event(), None
        self.client = asking.Client(asking.connect(server), patience, timeout, self.stop)

    def set_dump_image(self, dump_image_func):
        """The toolkit calls it where a benchmark begins: what ended the last one may have gone."""
        super().set_dump_image(dump_image_func)
        self.stop.clear()
        self.refusal = None

    def generate(self, message, **more):
        """The answer, or the failure message.

        asking.RunStopped where the cluster is out of reach, or refuses every question; from then
        on at once, until the next benchmark begins, so that no wrong answers are made of it.
        """
        answer = None if self.refusal else super().generate(message, **more)
        if self.refusal:
            raise self.refusal
        return answer

    def generate_inner(self, inputs, **_):
        """(0, answer, "") or (-1, failure message, reason), as the toolkit wants it."""
        try:
            return 0, self.client.reason(self.request(inputs)).answer, ""
        except asking.RunStopped as error:
            self.refusal = error
            self.stop.set()
            reason = str(error)
        except grpc.RpcError as error:
            reason = asking.describe(error)
        except (BadMessage, OSError) as error:
            reason = str(error)
        return -1, f"{self.fail_msg} {reason}", reason

    def request(self, message):
        """The question of a message: a list of {"type": "text" or "image", "value": ...}."""
        picture, text = picture_of(message), text_of(message, self.system_prompt)
        # The toolkit does not say which row it is; the same question gets the same seed anyhow.
        key = asking.digest(self.run["seed"], hashlib.sha256(picture).hexdigest(), text)
        return pb.ReasonRequest(
            request_id=asking.digest(self.run["id"], key.hex()).hex()[:32], image=picture,
            question=text, search=policies.policy(self.run, int.from_bytes(key[:4])))

    def use_custom_prompt(self, dataset):
        return self.prompts == "llava-cot" and llama_vision().use_custom_prompt(self, dataset)

    def build_prompt(self, line, dataset=None):
        """The message that the toolkit makes for the authors' checkpoint."""
        theirs = types.SimpleNamespace(model_name=LLAVA_COT, kwargs={}, dump_image=self.dump_image,
                                       use_custom_prompt=self.use_custom_prompt)
        return llama_vision().build_prompt(theirs, line, dataset)


class BadMessage(ValueError):
    """A message that the cluster cannot be asked; one line that says why."""


def picture_of(message):
    """The bytes of the message's one picture file."""
    pictures = [part["value"] for part in message if part["type"] == "image"]
    if len(pictures) != 1:
        raise BadMessage(f"the message has {len(pictures)} pictures; the cluster takes one a "
                         "question, no more and no less")
    with open(pictures[0], "rb") as file:
        return file.read()


def text_of(message, system_prompt=None):
    texts = [part["value"] for part in message if part["type"] == "text"]
    return "\n".join([system_prompt, *texts] if system_prompt else texts)


def llama_vision():
    """The toolkit's class for the authors' checkpoint; it needs what such models need."""
    from vlmeval.vlm.llama_vision import llama_vision as found
    return found


def register(name="stagebeam", **arguments):
    """Lets the toolkit's run.py know a model by this name, and files for its --config name the
    class. `arguments`: Stagebeam's."""
    import vlmeval.api
    from vlmeval.config import supported_VLM
    vlmeval.api.Stagebeam = Stagebeam
    supported_VLM[name] = functools.partial(Stagebeam, **arguments)


def main():
    register()
    from vlmeval import run
    run.main()


if __name__ == "__main__":
    main()
