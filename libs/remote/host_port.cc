#include "libs/remote/host_port.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace stagebeam::remote {

absl::StatusOr<HostPort> SplitHostPort(std::string_view address) {
  const absl::string_view text(address.data(), address.size());
  const size_t colon = text.rfind(':');
  int port = 0;
  if (colon == absl::string_view::npos || colon == 0 ||
      !absl::SimpleAtoi(text.substr(colon + 1), &port) || port < 1 ||
      port > 65535) {
    return absl::InvalidArgumentError(absl::StrCat(
        "'", text,
        "' is not host:port, unix:/path, dns:///host:port or file:///path, "
        "with a port within [1, 65535]"));
  }
  absl::string_view host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  return HostPort{std::string(host), absl::StrCat(port)};
}

}  // namespace stagebeam::remote
