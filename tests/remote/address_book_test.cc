#include "libs/remote/address_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "libs/remote/periodic_task.h"

namespace stagebeam::remote {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A file of addresses that goes with the test.
class AddressFile {
 public:
  AddressFile()
      : path_(absl::StrCat(::testing::TempDir(), "/addresses.", getpid())) {}
  ~AddressFile() { Remove(); }

  std::string entry() const { return absl::StrCat("file://", path_); }
  void Write(const std::string& text) const { std::ofstream(path_) << text; }
  void Remove() const { std::remove(path_.c_str()); }

 private:
  const std::string path_;
};

AddressBook OpenBook(const std::string& list) {
  auto book = AddressBook::Open(list);
  EXPECT_TRUE(book.ok()) << book.status();
  return *std::move(book);
}

std::vector<std::string> Addresses(const AddressBook& book) {
  std::vector<std::string> addresses;
  for (const Endpoint& endpoint : book.endpoints()) {
    addresses.push_back(endpoint.address);
  }
  return addresses;
}

TEST(AddressBook, AListIsReadInOrderWithoutDoubles) {
  AddressBook book = OpenBook("a:1, b:2,unix:/run/x.sock,a:1,[::1]:3");
  EXPECT_TRUE(book.LookUp().ok());
  EXPECT_THAT(Addresses(book),
              ElementsAre("a:1", "b:2", "unix:/run/x.sock", "[::1]:3"));
  EXPECT_FALSE(book.CanChange());
}

TEST(AddressBook, ANameIsLookedUpAndStaysTheCertificates) {
  AddressBook book = OpenBook("dns:///localhost:50051");
  EXPECT_TRUE(book.LookUp().ok());
  EXPECT_THAT(book.endpoints(),
              Contains(Endpoint{"127.0.0.1:50051", "localhost"}));
  EXPECT_TRUE(book.CanChange());
}

TEST(AddressBook, ANameThatDoesNotResolveIsNamed) {
  AddressBook book = OpenBook("a:1,dns:///no-such-host.invalid:50051");
  const absl::Status status = book.LookUp();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("no-such-host.invalid"));
  EXPECT_THAT(Addresses(book), ElementsAre("a:1"));
}

TEST(AddressBook, AnEntryThatIsNoneIsNamed) {
  for (const char* list : {"", "a", "a:", ":1", "a:0", "a:65536", "a:x",
                           "a:1,,b:1", "dns:///a", "dns:///:1"}) {
    const absl::Status status = AddressBook::Open(list).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << list;
    EXPECT_THAT(std::string(status.message()), HasSubstr("host:port")) << list;
  }
  for (const char* list : {"file://", "file:///", "file://relative"}) {
    const absl::Status status = AddressBook::Open(list).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << list;
    EXPECT_THAT(std::string(status.message()), HasSubstr(list));
  }
}

TEST(AddressBook, AFileIsReadAgain) {
  const AddressFile file;
  file.Write("# generators\n\n127.0.0.1:2\n  127.0.0.1:1\n");
  AddressBook book = OpenBook(file.entry());
  EXPECT_TRUE(book.CanChange());
  EXPECT_TRUE(book.LookUp().ok());
  EXPECT_THAT(Addresses(book), ElementsAre("127.0.0.1:1", "127.0.0.1:2"));
  file.Write("127.0.0.1:3\nunix:/run/a.sock");
  EXPECT_TRUE(book.LookUp().ok());
  EXPECT_THAT(Addresses(book), ElementsAre("127.0.0.1:3", "unix:/run/a.sock"));
}

TEST(AddressBook, AFileThatIsNoneLeavesWhatWasKnown) {
  const AddressFile file;
  file.Write("127.0.0.1:1\n");
  AddressBook book = OpenBook(file.entry());
  EXPECT_TRUE(book.LookUp().ok());
  for (const char* text : {"", "# nobody\n", "127.0.0.1:2\nnonsense\n"}) {
    file.Write(text);
    EXPECT_EQ(book.LookUp().code(), absl::StatusCode::kUnavailable) << text;
    EXPECT_THAT(Addresses(book), ElementsAre("127.0.0.1:1")) << text;
  }
  file.Remove();
  EXPECT_THAT(std::string(book.LookUp().message()), HasSubstr("cannot read"));
  EXPECT_THAT(Addresses(book), ElementsAre("127.0.0.1:1"));
}

TEST(PeriodicTask, RunsAgainAndAgain) {
  int runs = 0;
  absl::Notification often;
  PeriodicTask task(absl::Milliseconds(1), [&] {
    if (++runs == 5) often.Notify();
  });
  often.WaitForNotification();
}

TEST(PeriodicTask, EndsInTheMiddleOfAPause) {
  bool ran = false;
  {
    PeriodicTask task(absl::Hours(24), [&] { ran = true; });
  }
  EXPECT_FALSE(ran);
}

}  // namespace
}  // namespace stagebeam::remote
