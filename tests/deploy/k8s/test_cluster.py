"""The manifests' arguments and files make a cluster that answers, with and
without TLS. Its processes are the pods' programs, on this machine."""

import signal

import contracts
import grpc
import pytest
import scalers
from flagfiles import flags_of
from local_pods import CALLER_TOKEN, LocalPods
from rendering import SOURCE, main_of

PICTURE = SOURCE / "examples" / "pictures" / "scenes-count.png"
SERVICES = ("encoder", "generator", "judge", "orchestrator")


@pytest.fixture(scope="module")
def orchestrator(tmp_path_factory):
    """(messages, services) of its contract."""
    return contracts.load(tmp_path_factory.mktemp("stubs"))


@pytest.fixture(scope="module", params=["dev", "secured"])
def pods(request, renderings, binaries, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    with LocalPods(renderings[request.param], folder, binaries) as running:
        yield running


def uses_tls(pods):
    return "tls_cert" in flags_of(pods.rendering, pods.workloads["orchestrator"])


def channel_to(pods, name):
    if not uses_tls(pods):
        return grpc.insecure_channel(pods.target(name))
    return grpc.secure_channel(pods.target(name), grpc.ssl_channel_credentials(pods.authority()))


def ask(pods, contract, token=CALLER_TOKEN):
    messages, services = contract
    request = messages.ReasonRequest(image=PICTURE.read_bytes(),
                                     question="How many teal objects are there?")
    request.search.stage_beam.candidate_count = 2
    request.search.sampling.seed = 1
    with channel_to(pods, "orchestrator") as channel:
        return services.OrchestratorServiceStub(channel).Reason(
            request, timeout=120, metadata=[("authorization", f"Bearer {token}")])


def test_the_pods_answer_a_question(pods, orchestrator):
    answer = ask(pods, orchestrator)
    assert answer.answer and len(answer.stages) == 4
    assert not answer.degradations, answer.degradations


def test_every_probe_is_content(pods):
    for name in SERVICES:
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            assert pods.passes(name, probe), f"{name}: {probe}"


def test_a_probe_of_another_service_is_not_content(pods):
    assert pods.page("judge", "/elsewhere") is None
    if uses_tls(pods):
        return  # Probes name no service there.
    action = dict(main_of(pods.workloads["judge"])["readinessProbe"]["grpc"])
    action["service"] = "stagebeam.generator.v1.GeneratorService"
    assert not pods.is_serving("judge", action)


@pytest.mark.parametrize("overlay", ["large", "secured"])
def test_pages_show_what_the_autoscalers_ask_for(pods, orchestrator, renderings, overlay):
    ask(pods, orchestrator)
    asked = scalers.series_asked_for(renderings[overlay])
    assert {name for name, _ in asked} == {"encoder", "generator", "judge"}
    for name, series in asked:
        lines = pods.page(name, "/metrics").splitlines()
        assert any(line.startswith((f"{series}{{", f"{series} ")) for line in lines), series


def test_features_went_through_redis(pods, orchestrator):
    ask(pods, orchestrator)
    assert int(pods.redis("DBSIZE")) > 0


def test_with_tls_strangers_are_turned_away(pods, orchestrator):
    if not uses_tls(pods):
        assert ask(pods, orchestrator, token="wrong").answer
        return
    with pytest.raises(grpc.RpcError) as refused:
        ask(pods, orchestrator, token="wrong")
    assert refused.value.code() == grpc.StatusCode.UNAUTHENTICATED
    # No certificate, no connection.
    with channel_to(pods, "generator") as channel, pytest.raises(grpc.FutureTimeoutError):
        grpc.channel_ready_future(channel).result(timeout=3)


def test_a_pod_that_is_told_to_go_ends_well(pods):
    """Last of all: the others need the pods."""
    for name in SERVICES:
        pods.processes[name].send_signal(signal.SIGTERM)
    for name in SERVICES:
        assert pods.processes[name].wait(60) == 0, pods.log(name)
        assert '"every_call_ended":true' in pods.log(name).replace(" ", "")
