#include "libs/serving/authenticator.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <string>

namespace stagebeam::serving {
namespace {

// A file that goes away with the test.
class TokenFile {
 public:
  explicit TokenFile(const std::string& content)
      : path_(testing::TempDir() + "tokens." + std::to_string(getpid())) {
    std::ofstream(path_) << content;
  }
  ~TokenFile() { unlink(path_.c_str()); }
  const std::string& path() const { return path_; }

 private:
  const std::string path_;
};

TEST(Authenticator, WithoutTokensEveryoneIsWelcome) {
  EXPECT_TRUE(Authenticator().Check("").ok());
  EXPECT_TRUE(Authenticator().Check("Bearer whatever").ok());
}

TEST(Authenticator, AKnownTokenIsLetIn) {
  const Authenticator authenticator({"alpha", "beta"});
  EXPECT_TRUE(authenticator.Check("Bearer alpha").ok());
  EXPECT_TRUE(authenticator.Check("bearer beta").ok());
}

TEST(Authenticator, AnythingElseIsNot) {
  const Authenticator authenticator({"alpha"});
  for (const char* header :
       {"", "alpha", "Bearer", "Bearer ", "Bearer alph", "Bearer alphaa",
        "Bearer  alpha", "Bearer Alpha", "Basic alpha"}) {
    const absl::Status status = authenticator.Check(header);
    EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated) << header;
    EXPECT_EQ(status.message().find("lph"), absl::string_view::npos)
        << "shows the token: " << status;
  }
}

TEST(Authenticator, AFileHasOneTokenALine) {
  const TokenFile file("# of team A\nalpha\n\n  beta\t\r\n");
  const auto authenticator = Authenticator::FromFile(file.path());
  ASSERT_TRUE(authenticator.ok()) << authenticator.status();
  EXPECT_TRUE(authenticator->Check("Bearer alpha").ok());
  EXPECT_TRUE(authenticator->Check("Bearer beta").ok());
  EXPECT_FALSE(authenticator->Check("Bearer # of team A").ok());
}

TEST(Authenticator, AFileThatLetsNobodyInIsAnError) {
  for (const char* content : {"", "# nothing\n", "two words\n", "a\x01\n"}) {
    const TokenFile file(content);
    EXPECT_EQ(Authenticator::FromFile(file.path()).status().code(),
              absl::StatusCode::kInvalidArgument)
        << content;
  }
  EXPECT_EQ(Authenticator::FromFile("/nonexistent/tokens").status().code(),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace stagebeam::serving
