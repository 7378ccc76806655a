#ifndef STAGEBEAM_LIBS_REMOTE_ADDRESS_BOOK_H_
#define STAGEBEAM_LIBS_REMOTE_ADDRESS_BOOK_H_

#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/remote/address_source.h"
#include "libs/remote/endpoint.h"

namespace stagebeam::remote {

// The replicas behind a comma-separated list of AddressSource entries, looked
// up again whenever its owner wants. An entry that cannot be looked up keeps
// what it last had: a name server that fails takes no replica away.
//
// Not thread-safe.
class AddressBook {
 public:
  // INVALID_ARGUMENT names the entry that is no AddressSource. Looks nothing
  // up yet.
  static absl::StatusOr<AddressBook> Open(std::string_view list);

  // Looks all entries up. The first error of those that failed. Blocks, as
  // AddressSource::LookUp.
  absl::Status LookUp();

  // Whether another look-up may find something else.
  bool CanChange() const;

  // What is known, in the list's order and without doubles.
  std::vector<Endpoint> endpoints() const;

 private:
  struct Entry {
    AddressSource source;
    std::vector<Endpoint> found = {};
  };

  explicit AddressBook(std::vector<Entry> entries)
      : entries_(std::move(entries)) {}

  std::vector<Entry> entries_;
};

}  // namespace stagebeam::remote

#endif  // STAGEBEAM_LIBS_REMOTE_ADDRESS_BOOK_H_
