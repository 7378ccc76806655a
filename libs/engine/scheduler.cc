#include "libs/engine/scheduler.h"

#include <algorithm>
#include <exception>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/engine/torch_threads.h"

namespace stagebeam::engine {

Scheduler::Scheduler(SchedulerSetup setup)
    : setup_(std::move(setup)),
      queue_(setup_.max_waiting_calls),
      budget_(setup_.kv_bytes),
      prefixes_(budget_, setup_.model->bytes_per_token()),
      images_(setup_.image_bytes),
      around_{.model = setup_.model,
              .tokenizer = setup_.tokenizer,
              .prefixes = &prefixes_,
              .sampler = &sampler_,
              .end_ids = setup_.end_ids,
              .image_id = setup_.image_id},
      pace_(setup_.prefill_chunk, setup_.max_stall),
      thread_([this] { Loop(); }) {}

Scheduler::~Scheduler() {
  queue_.Close();
  thread_.join();
  queue_.AwaitEmpty();
}

// --- On the caller's thread.

absl::StatusOr<CallResult> Scheduler::Run(CallRequest request) {
  const auto ticket =
      std::make_shared<CallTicket>(std::move(request), absl::Now());
  const absl::Status entered = queue_.Enter(ticket);
  if (!entered.ok()) return entered;
  absl::StatusOr<CallResult> result = Await(*ticket);
  if (queue_.Leave(*ticket)) TellQueueLeft(*ticket);
  return result;
}

absl::StatusOr<CallResult> Scheduler::Await(CallTicket& ticket) {
  while (true) {
    switch (ticket.Wait()) {
      case CallTicket::Event::kDone:
        return ticket.TakeResult();
      case CallTicket::Event::kLoad:
        ticket.Deliver(LoadFeatures(ticket));
        queue_.Wake();
        break;
      case CallTicket::Event::kBranchEnd:
        ticket.request().on_branch_end(ticket.TakeEnded());
        break;
      case CallTicket::Event::kCancelled:
        return absl::CancelledError("the caller cancelled");
      case CallTicket::Event::kExpired:
        return absl::DeadlineExceededError("the call's deadline passed");
    }
  }
}

absl::StatusOr<Features> Scheduler::LoadFeatures(
    const CallTicket& ticket) const {
  try {
    absl::StatusOr<Features> features = ticket.request().image->load();
    if (!features.ok()) return features;
    const absl::Status fits = CheckFeatures(*features, setup_.features);
    if (!fits.ok()) return fits;
    return features;
  } catch (const std::exception& error) {
    return absl::InternalError(absl::StrCat("features: ", error.what()));
  }
}

void Scheduler::TellQueueLeft(const CallTicket& ticket) const {
  if (setup_.observer != nullptr)
    setup_.observer->OnQueueLeft(absl::Now() - ticket.arrival());
}

// --- On the scheduler thread.

void Scheduler::Loop() {
  SetTorchThreads(setup_.threads);
  bool busy = false;
  while (queue_.WaitForWork(busy)) {
    const bool was_busy = std::exchange(busy, RunRound());
    if (was_busy && !busy) Report(Step(), absl::ZeroDuration());
  }
  const absl::Status ending =
      absl::CancelledError("the engine is shutting down");
  FailAll(ending);
  queue_.FinishAll(ending);
}

bool Scheduler::RunRound() {
  try {
    return Round();
  } catch (const std::exception& error) {
    FailAll(absl::InternalError(absl::StrCat("step: ", error.what())));
    return true;
  }
}

bool Scheduler::Round() {
  TakeFeatures();
  Sweep();
  Admit();
  AskLoaders();
  const absl::Time start = absl::Now();
  Step step = PlanStep();
  if (step.parts.empty()) return false;
  RunStep(step);
  Sweep();
  const absl::Duration time = absl::Now() - start;
  pace_.StepTook(step.prefill_tokens, step.decode_tokens, time);
  Report(step, time);
  return true;
}

void Scheduler::Admit() {
  while (const std::shared_ptr<CallTicket> ticket = queue_.First()) {
    bool admitted = false;
    absl::Status status = AdmitSafely(ticket, admitted);
    if (status.ok() && !admitted) {
      if (!running_.empty()) return;
      status =
          absl::ResourceExhaustedError("the call does not fit into memory");
    }
    if (!status.ok()) ticket->Finish(status);
    if (queue_.Remove(*ticket)) TellQueueLeft(*ticket);
  }
}

absl::Status Scheduler::AdmitSafely(const std::shared_ptr<CallTicket>& ticket,
                                    bool& admitted) {
  try {
    admitted = TryAdmit(ticket);
    return absl::OkStatus();
  } catch (const std::exception& error) {
    return absl::InternalError(absl::StrCat("admission: ", error.what()));
  }
}

bool Scheduler::HasPlaces(const CallRequest& request) const {
  int taken = 0;
  for (const auto& call : running_)
    taken += RunningCall::Places(call->ticket().request());
  return taken + RunningCall::Places(request) <= setup_.max_running_branches;
}

bool Scheduler::TryAdmit(const std::shared_ptr<CallTicket>& ticket) {
  const CallRequest& request = ticket->request();
  if (!HasPlaces(request)) return false;
  ImageRef image = request.image ? images_.Find(request.image->key) : nullptr;
  const bool new_image = request.image && image == nullptr;
  if (new_image && !images_.MakeRoom(setup_.bytes_per_image)) return false;
  auto call = std::make_unique<RunningCall>(ticket, around_);
  const int64_t bytes = call->BytesNeeded();
  if (!prefixes_.MakeRoom(bytes)) return false;
  if (new_image)
    image = images_.Add(request.image->key, setup_.bytes_per_image);
  call->Start(*Lease::Take(budget_, bytes), std::move(image), absl::Now());
  running_.push_back(std::move(call));
  return true;
}

// Pictures: asked for by one call each, whoever else waits for them.

void Scheduler::TakeFeatures() {
  for (const auto& call : running_) {
    const auto features = call->ticket().TakeFeatures();
    if (!features.has_value()) continue;
    const ImageRef image = call->image();
    image->loader = nullptr;
    if (!features->ok()) {
      call->Fail(features->status());
      continue;
    }
    const absl::Status built = BuildImage(*image, **features);
    if (!built.ok()) FailImage(image, built);
    call->NoteHeadComputed();
  }
}

void Scheduler::AskLoaders() {
  for (const auto& call : running_) {
    const ImageRef& image = call->image();
    if (image == nullptr || image->state != KnownImage::State::kLoading)
      continue;
    if (image->loader != nullptr) continue;
    image->loader = &call->ticket();
    call->ticket().AskToLoad();
  }
}

absl::Status Scheduler::BuildImage(KnownImage& image,
                                   const Features& features) const {
  absl::StatusOr<std::unique_ptr<ImageKeyValues>> built =
      setup_.model->MakeImageKeyValues(features.payload, features.dtype,
                                       features.stored_tile_count,
                                       features.rows_per_tile);
  if (!built.ok()) return built.status();
  image.key_values = *std::move(built);
  image.tile_count = features.tile_count;
  image.head =
      setup_.model->MakeKeyValues(1, static_cast<int>(setup_.head.size()));
  image.state = KnownImage::State::kHead;
  return absl::OkStatus();
}

void Scheduler::FinishHead(KnownImage& image) {
  image.key_values->KeepTiles(image.tile_count);
  image.state = KnownImage::State::kReady;
  images_.Resize(image, image.key_values->bytes() + image.head->bytes());
}

void Scheduler::FailImage(const ImageRef& image, const absl::Status& status) {
  images_.Remove(image->key);
  for (const auto& call : running_) {
    if (call->image() == image) call->Fail(status);
  }
}

// Steps.

Step Scheduler::PlanStep() {
  Step step;
  AddHeads(step);
  AddPrefill(step);
  for (const auto& call : running_) call->AddDecode(step);
  return step;
}

void Scheduler::AddHeads(Step& step) {
  std::vector<const KnownImage*> added;
  for (const auto& call : running_) {
    const ImageRef& image = call->image();
    if (image == nullptr || image->state != KnownImage::State::kHead) continue;
    if (std::find(added.begin(), added.end(), image.get()) != added.end())
      continue;
    added.push_back(image.get());
    StepGroup group;
    group.own = image->head.get();
    group.image = image->key_values.get();
    group.before_image = true;
    group.token_ids = setup_.head;
    step.Add(std::move(group), {.kind = StepPart::Kind::kHead, .image = image});
  }
}

void Scheduler::AddPrefill(Step& step) {
  std::vector<int> wants;
  for (const auto& call : running_) wants.push_back(call->PrefillWant());
  const bool decoding =
      std::any_of(running_.begin(), running_.end(),
                  [](const auto& call) { return call->live_branches() > 0; });
  const std::vector<int> shares = ShareFairly(wants, pace_.Budget(decoding));
  for (size_t i = 0; i < running_.size(); ++i)
    running_[i]->AddPrefill(shares[i], step);
}

void Scheduler::RunStep(Step& step) {
  const absl::StatusOr<StepLogits> logits = setup_.model->Step(step.groups);
  if (!logits.ok()) return FailStep(step, logits.status());
  const absl::Time now = absl::Now();
  for (const StepPart& part : step.parts) {
    if (part.kind == StepPart::Kind::kHead) {
      FinishHead(*part.image);
    } else if (!part.call->failed()) {
      const absl::Status status = part.call->Apply(part, *logits, now);
      if (!status.ok()) part.call->Fail(status);
    }
  }
}

void Scheduler::FailStep(const Step& step, const absl::Status& status) {
  for (const StepPart& part : step.parts) {
    if (part.call != nullptr) part.call->Fail(status);
    if (part.image != nullptr) FailImage(part.image, status);
  }
}

// The end of calls.

void Scheduler::Sweep() {
  const auto leaving = std::stable_partition(
      running_.begin(), running_.end(),
      [](const std::unique_ptr<RunningCall>& call) {
        return !call->failed() && !call->done() && !call->ticket().abandoned();
      });
  std::vector<std::unique_ptr<RunningCall>> left(
      std::make_move_iterator(leaving),
      std::make_move_iterator(running_.end()));
  running_.erase(leaving, running_.end());
  for (const auto& call : left) Dismiss(*call);
}

void Scheduler::Dismiss(RunningCall& call) {
  if (!call.failed() && call.done()) {
    CallResult result = call.Finish(absl::Now());
    if (setup_.observer != nullptr) setup_.observer->OnCall(result.usage);
    call.ticket().Finish(std::move(result));
  }
  const ImageRef& image = call.image();
  if (image == nullptr || image->state == KnownImage::State::kReady) return;
  if (image->loader == &call.ticket()) image->loader = nullptr;
  const bool wanted =
      std::any_of(running_.begin(), running_.end(),
                  [&](const auto& other) { return other->image() == image; });
  if (!wanted) images_.Remove(image->key);
}

void Scheduler::FailAll(const absl::Status& status) {
  for (const auto& call : running_) call->Fail(status);
  Sweep();
}

void Scheduler::Report(const Step& step, absl::Duration time) const {
  if (setup_.observer == nullptr) return;
  StepReport report;
  const CallQueue::Load waiting = queue_.load();
  report.waiting_calls = waiting.calls;
  report.waiting_branches = waiting.branches;
  report.running_calls = static_cast<int>(running_.size());
  for (const auto& call : running_)
    report.running_branches += call->live_branches();
  report.kv_bytes_used = budget_.used();
  report.kv_bytes_total = budget_.total();
  report.prefill_tokens = step.prefill_tokens;
  report.decode_tokens = step.decode_tokens;
  report.step_time = time;
  setup_.observer->OnStep(report);
}

}  // namespace stagebeam::engine
