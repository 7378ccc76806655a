#include "services/orchestrator/request_ledger.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <openssl/evp.h>

#include <array>
#include <stop_token>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "libs/serving/status_conversion.h"

namespace stagebeam::orchestrator {
namespace {

// SHA-256 of the request, the same for equal requests.
std::string Fingerprint(const v1::ReasonRequest& request) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    request.SerializeToCodedStream(&coded);
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(),
             nullptr);
  return {digest.begin(), digest.begin() + size};
}

bool IsOneCallersOwn(const absl::Status& status) {
  return absl::IsCancelled(status) || absl::IsDeadlineExceeded(status);
}

}  // namespace

absl::StatusOr<RequestLedger::Response> RequestLedger::Answer(
    const inference::RequestContext& context, const v1::ReasonRequest& request,
    const Solve& solve) {
  const std::string& id = request.request_id();
  const std::string fingerprint = Fingerprint(request);
  while (true) {
    bool leads = false;
    const std::shared_ptr<Entry> entry = Find(id, fingerprint, leads);
    if (entry->fingerprint != fingerprint) {
      return serving::InvalidField("request_id",
                                   "was given to another request before");
    }
    if (leads) return Lead(id, *entry, solve);
    absl::Status waited = Wait(context, *entry);
    if (!waited.ok()) return waited;
    // Nobody writes to an entry that is done.
    if (entry->status.ok()) return entry->response;
    if (!IsOneCallersOwn(entry->status)) return entry->status;
  }
}

std::shared_ptr<RequestLedger::Entry> RequestLedger::Find(
    const std::string& id, const std::string& fingerprint, bool& leads) {
  absl::MutexLock lock(&mutex_);
  std::shared_ptr<Entry>& entry = entries_[id];
  leads = entry == nullptr;
  if (leads) entry = std::make_shared<Entry>(Entry{fingerprint, false, {}, {}});
  return entry;
}

absl::StatusOr<RequestLedger::Response> RequestLedger::Lead(
    const std::string& id, Entry& entry, const Solve& solve) {
  // Lands even where `solve` throws, or others would wait for ever.
  absl::Status status = absl::InternalError("the request ended unexpectedly");
  Response response;
  auto land = absl::MakeCleanup(
      [&] { Land(id, entry, std::move(status), std::move(response)); });
  absl::StatusOr<v1::ReasonResponse> solved = solve();
  status = solved.status();
  if (!solved.ok()) return solved.status();
  response = std::make_shared<const v1::ReasonResponse>(*std::move(solved));
  // A copy: `land` runs after the return value is made, and needs its own.
  return Response(response);
}

absl::Status RequestLedger::Wait(const inference::RequestContext& context,
                                 const Entry& entry) {
  // Wakes the wait below; made before the lock, as it takes it.
  std::stop_callback wake(context.cancellation,
                          [this] { absl::MutexLock lock(&mutex_); });
  struct Condition {
    const Entry& entry;
    const std::stop_token& cancellation;
    bool Holds() const { return entry.done || cancellation.stop_requested(); }
  } condition{entry, context.cancellation};
  absl::MutexLock lock(&mutex_);
  const bool held = mutex_.AwaitWithDeadline(
      absl::Condition(&condition, &Condition::Holds), context.deadline);
  if (entry.done) return absl::OkStatus();
  if (!held) {
    return absl::DeadlineExceededError("no answer within the deadline");
  }
  return absl::CancelledError("the caller has gone");
}

void RequestLedger::Land(const std::string& id, Entry& entry,
                         absl::Status status, Response response) {
  absl::MutexLock lock(&mutex_);
  entry.status = std::move(status);
  entry.response = std::move(response);
  entry.done = true;
  if (entry.status.ok()) {
    Remember(id, *entry.response);
  } else {
    // Drops the ledger's hold on the entry; the caller has its own.
    entries_.erase(id);
  }
}

void RequestLedger::Remember(const std::string& id,
                             const v1::ReasonResponse& response) {
  remembered_.push_back(id);
  bytes_ += static_cast<int64_t>(response.ByteSizeLong());
  while (!remembered_.empty() &&
         (bytes_ > limits_.max_bytes ||
          static_cast<int>(remembered_.size()) > limits_.max_answers)) {
    const auto oldest = entries_.find(remembered_.front());
    bytes_ -= static_cast<int64_t>(oldest->second->response->ByteSizeLong());
    entries_.erase(oldest);
    remembered_.pop_front();
  }
}

}  // namespace stagebeam::orchestrator
