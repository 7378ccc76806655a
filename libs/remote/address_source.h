#ifndef STAGEBEAM_LIBS_REMOTE_ADDRESS_SOURCE_H_
#define STAGEBEAM_LIBS_REMOTE_ADDRESS_SOURCE_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/remote/endpoint.h"

namespace stagebeam::remote {

// One entry of a list of addresses:
//   "host:port"          itself, one replica
//   "unix:/path"         itself
//   "dns:///host:port"   one replica for every address that the name has
//   "file:///path"       one replica for every line of a file: host:port or
//                        unix:/path; blank lines and lines that begin with #
//                        don't count. Replace the file by renaming another one
//                        over it, so that nobody reads half of it.
//
// A value; look-ups may run on any thread.
class AddressSource {
 public:
  // INVALID_ARGUMENT: `entry` is none of these. Looks nothing up.
  static absl::StatusOr<AddressSource> Parse(std::string_view entry);

  // Whether two look-ups may differ.
  bool CanChange() const { return kind_ != Kind::kFixed; }

  // Where its replicas are now, sorted, at least one. UNAVAILABLE: the name
  // does not resolve, the file cannot be read or holds no address, or a line of
  // it is none. Blocks on DNS for as long as the system's resolver is told to
  // try.
  absl::StatusOr<std::vector<Endpoint>> LookUp() const;

 private:
  enum class Kind { kFixed, kDns, kFile };

  AddressSource(Kind kind, std::string target)
      : kind_(kind), target_(std::move(target)) {}

  Kind kind_;
  // The address, the name with its port, or the path.
  std::string target_;
};

}  // namespace stagebeam::remote

#endif  // STAGEBEAM_LIBS_REMOTE_ADDRESS_SOURCE_H_
