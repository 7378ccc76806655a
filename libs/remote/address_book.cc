#include "libs/remote/address_book.h"

#include <algorithm>
#include <set>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace stagebeam::remote {

absl::StatusOr<AddressBook> AddressBook::Open(std::string_view list) {
  std::vector<Entry> entries;
  const absl::string_view text(list.data(), list.size());
  for (absl::string_view entry : absl::StrSplit(text, ',')) {
    entry = absl::StripAsciiWhitespace(entry);
    const absl::StatusOr<AddressSource> source =
        AddressSource::Parse({entry.data(), entry.size()});
    if (!source.ok()) return source.status();
    entries.push_back({*source});
  }
  return AddressBook(std::move(entries));
}

absl::Status AddressBook::LookUp() {
  absl::Status status;
  for (Entry& entry : entries_) {
    absl::StatusOr<std::vector<Endpoint>> found = entry.source.LookUp();
    if (found.ok()) {
      entry.found = *std::move(found);
    } else {
      status.Update(found.status());
    }
  }
  return status;
}

bool AddressBook::CanChange() const {
  return std::any_of(entries_.begin(), entries_.end(), [](const Entry& entry) {
    return entry.source.CanChange();
  });
}

std::vector<Endpoint> AddressBook::endpoints() const {
  std::vector<Endpoint> all;
  std::set<std::string_view> seen;
  for (const Entry& entry : entries_) {
    for (const Endpoint& endpoint : entry.found) {
      if (seen.insert(endpoint.address).second) all.push_back(endpoint);
    }
  }
  return all;
}

}  // namespace stagebeam::remote
