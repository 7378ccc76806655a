#include "tests/remote/counting_server.h"

#include <gtest/gtest.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/remote/rendezvous.h"
#include "stagebeam/encoder/v1/encoder.grpc.pb.h"

namespace stagebeam::remote {

using encoder::v1::EncodeImageRequest;
using encoder::v1::EncodeImageResponse;
using encoder::v1::EncoderService;
using inference::RequestContext;

ReplicaSetOptions Quick() {
  ReplicaSetOptions options;
  options.first_backoff = absl::Milliseconds(10);
  return options;
}

std::unique_ptr<ReplicaSet> NewSet(const std::vector<std::string>& addresses,
                                   ReplicaSetOptions options) {
  auto set =
      ReplicaSet::Create(absl::StrJoin(addresses, ","), std::move(options));
  EXPECT_TRUE(set.ok()) << set.status();
  return *std::move(set);
}

absl::Status Call(ReplicaSet& set, std::string_view key, std::string* server,
                  const RequestContext& context) {
  EncodeImageResponse response;
  const absl::Status status =
      set.Call(context, {.key = key}, [&](auto& client, const auto& channel) {
        return EncoderService::NewStub(channel)->EncodeImage(
            &client, EncodeImageRequest(), &response);
      });
  if (server != nullptr) *server = response.features().key();
  return status;
}

std::string KeyThatPrefers(const std::string& address,
                           const std::vector<std::string>& addresses,
                           std::string_view salt) {
  for (int i = 0;; ++i) {
    const std::string key = absl::StrCat("key-", std::string(salt), "-", i);
    if (addresses[RendezvousOrder(key, addresses)[0]] == address) return key;
  }
}

std::string DeadAddress() { return serving::EncoderServer({}).address(); }

CountingServer::CountingServer(std::string name, absl::Status status,
                               serving::ServerOptions options)
    : name_(std::move(name)),
      status_(std::move(status)),
      server_({.encode =
                   [this](const RequestContext&, const EncodeImageRequest&,
                          EncodeImageResponse& response) {
                     ++calls_;
                     response.mutable_features()->set_key(name_);
                     return healed_ ? absl::OkStatus() : status_;
                   },
               .options = std::move(options)}) {}

}  // namespace stagebeam::remote
