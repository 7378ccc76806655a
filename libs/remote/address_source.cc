#include "libs/remote/address_source.h"

#include <algorithm>
#include <fstream>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "libs/remote/dns.h"
#include "libs/remote/host_port.h"

namespace stagebeam::remote {
namespace {

constexpr absl::string_view kDnsScheme = "dns:///";
constexpr absl::string_view kFileScheme = "file://";
constexpr absl::string_view kUnixScheme = "unix:";

absl::Status CheckAddress(const std::string& address) {
  if (absl::StartsWith(address, kUnixScheme)) return absl::OkStatus();
  return SplitHostPort(address).status();
}

absl::StatusOr<std::vector<Endpoint>> ReadFile(const std::string& path) {
  std::ifstream file(path);
  if (!file) return absl::UnavailableError(absl::StrCat("cannot read ", path));
  std::vector<Endpoint> endpoints;
  std::string line;
  while (std::getline(file, line)) {
    absl::StripAsciiWhitespace(&line);
    if (line.empty() || line.front() == '#') continue;
    if (const absl::Status valid = CheckAddress(line); !valid.ok()) {
      return absl::UnavailableError(absl::StrCat(path, ": ", valid.message()));
    }
    endpoints.push_back({line});
  }
  if (endpoints.empty()) {
    return absl::UnavailableError(absl::StrCat("no address in ", path));
  }
  return endpoints;
}

absl::StatusOr<std::vector<Endpoint>> AskDns(const std::string& target) {
  const absl::StatusOr<HostPort> name = SplitHostPort(target);
  if (!name.ok()) return name.status();
  const absl::StatusOr<std::vector<std::string>> found = ResolveHost(*name);
  if (!found.ok()) return found.status();
  std::vector<Endpoint> endpoints;
  for (const std::string& address : *found) {
    endpoints.push_back({address, name->host});
  }
  return endpoints;
}

}  // namespace

absl::StatusOr<AddressSource> AddressSource::Parse(std::string_view entry) {
  const std::string text(entry);
  if (absl::StartsWith(text, kFileScheme)) {
    const std::string path = text.substr(kFileScheme.size());
    if (path.size() < 2 || path.front() != '/') {
      return absl::InvalidArgumentError(
          absl::StrCat("'", text, "' is not file:///path"));
    }
    return AddressSource(Kind::kFile, path);
  }
  const bool is_name = absl::StartsWith(text, kDnsScheme);
  const std::string address = is_name ? text.substr(kDnsScheme.size()) : text;
  const absl::Status valid =
      is_name ? SplitHostPort(address).status() : CheckAddress(address);
  if (!valid.ok()) return valid;
  return AddressSource(is_name ? Kind::kDns : Kind::kFixed, address);
}

absl::StatusOr<std::vector<Endpoint>> AddressSource::LookUp() const {
  if (kind_ == Kind::kFixed) return std::vector<Endpoint>{{target_}};
  absl::StatusOr<std::vector<Endpoint>> found =
      kind_ == Kind::kDns ? AskDns(target_) : ReadFile(target_);
  if (!found.ok()) return found;
  // DNS shuffles; the order of replicas must not.
  std::sort(found->begin(), found->end(),
            [](const Endpoint& a, const Endpoint& b) {
              return a.address < b.address;
            });
  return found;
}

}  // namespace stagebeam::remote
