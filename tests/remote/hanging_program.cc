// An encoder that says on standard output that it was called, and then never
// answers: for tests that kill it in mid-call.
#include <cstdio>

#include "absl/synchronization/notification.h"
#include "libs/serving/config.h"
#include "tests/serving/encoder_server.h"

namespace serving = stagebeam::serving;

int main(int argc, char** argv) {
  serving::EncoderServer server(
      {.encode = [](const stagebeam::inference::RequestContext&,
                    const stagebeam::encoder::v1::EncodeImageRequest&,
                    stagebeam::encoder::v1::EncodeImageResponse&) {
        std::puts("called");
        std::fflush(stdout);
        absl::Notification never;
        never.WaitForNotification();
        return absl::OkStatus();
      }});
  std::puts(server.address().c_str());
  std::fflush(stdout);
  return server.server().Run();
}
